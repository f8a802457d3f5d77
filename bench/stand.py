"""The stand: all servers with their stock, built once for the measures that were asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import stock
from bench.peers import find_peers
from bench.targets import Creamery, Devpi, Floor, Nginx, PeerTarget, Pypiserver, Simpleindex, Target

DEVPI_REAL_LIMIT = 40


@dataclass
class Stand:
    """What measures work with."""

    folder: Path
    rounds: int
    seconds: float
    is_quick: bool
    say: Callable[[str], None]
    corpus: list[Path] = field(default_factory=list)
    targets: dict[str, Target] = field(default_factory=dict)
    big_file: Path = Path()
    real: stock.Real = field(default_factory=lambda: stock.Real([], []))

    def present(self, *names: str) -> list[str]:
        """List those of the named targets that take part in this run."""
        return [name for name in names if name in self.targets]

    def build(self, needs: set[str], peers: Sequence[str]) -> None:
        """Make the stock that is needed, bring it into every server that is needed, and start them."""
        creamery = Creamery(self.folder / "creamery")
        self.targets = {"creamery": creamery, "nginx": Nginx(self.folder / "nginx", creamery.public)}
        self.targets |= self._make_peers(peers)
        if "floor" in needs:
            self.targets["floor"] = Floor(self.folder / "floor")
        made = self._make_stock(needs)
        self.say(f"Publishing {sum(map(len, made.values()))} files to {', '.join(self.targets)} ...")
        for target in self.targets.values():
            if not isinstance(target, Devpi):
                for name, paths in made.items():
                    self._publish(target, name, paths)
            target.start()
            if isinstance(target, Devpi):
                for name, paths in made.items():
                    self._publish(target, name, paths)

    def stop(self) -> None:
        """Stop every server."""
        for target in self.targets.values():
            target.stop()

    def _make_peers(self, names: Sequence[str]) -> dict[str, Target]:
        known: dict[str, type[PeerTarget]] = {one.name: one for one in (Pypiserver, Devpi, Simpleindex)}
        if not names:
            return {}
        programs = find_peers(self.say)
        return {name: known[name](self.folder / name, programs) for name in names}

    def _make_stock(self, needs: set[str]) -> dict[str, list[Path]]:
        folder = self.folder / "stock"
        made: dict[str, list[Path]] = {"ten": stock.make_ten(folder)}
        if "many" in needs:
            made["many"] = stock.make_many(folder)
        if "big" in needs:
            made["big"] = stock.make_big(folder)
            self.big_file = made["big"][0]
        if "real" in needs:
            self.real = stock.choose_real(self.corpus, 30 if self.is_quick else 60)
            made["real"] = self.real.wheels
        return made

    def _publish(self, target: Target, name: str, paths: list[Path]) -> None:
        # devpi takes 4 files a second, and simpleindex answers no question that the real ones are for.
        if (isinstance(target, Devpi) and name == "many") or (isinstance(target, Simpleindex) and name == "real"):
            return
        if isinstance(target, Devpi) and name == "real" and self.is_quick:
            return
        if isinstance(target, Creamery) and name == "many":
            target.publish(paths[:1])
            target.enlarge(stock.MANY, len(paths))
        elif paths:
            target.publish(paths)
