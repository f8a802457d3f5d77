"""One table: when this is recorded, then that happens. Every event is listed; a test insists."""

from datetime import timedelta

from creamery.accounts import events as accounts
from creamery.accounts import links, log_in, passwords
from creamery.catalog import events as catalog
from creamery.kernel import letters, shared_limits
from creamery.kernel.outbox import Reaction, later, soon
from creamery.publish import feeds, json_page, project_page, readme, root_page, site_map
from creamery.safety import events as safety
from creamery.upload import sweep


def table() -> dict[type, list[Reaction]]:
    """Say what follows each event."""
    return {
        accounts.PersonCreated: [],
        accounts.RegistrationRequested: [],
        accounts.PersonInvited: [],
        accounts.PasswordChanged: [],
        accounts.TokenCreated: [],
        accounts.TokenRevoked: [],
        accounts.ResetRequested: [later(passwords.answer_request, key="request_id")],
        accounts.ResetLetterSent: [],
        accounts.AddressAdded: [],
        accounts.AddressConfirmed: [],
        accounts.AddressRemoved: [],
        accounts.PrimaryAddressChanged: [],
        accounts.PersonFrozen: [],
        accounts.PersonUnfrozen: [],
        accounts.LettersPosted: [],
        accounts.SessionBegun: [],
        accounts.LogInFailed: [],
        accounts.SessionEnded: [],
        safety.NamesListed: [],
        safety.NamesUnlisted: [],
        catalog.ProjectCreated: [],
        catalog.LimitChanged: [],
        catalog.FileAdded: [
            soon(project_page.render, key="project_id"),
            # A burst of uploads becomes one rendering; readers see the new name 2 s later at most.
            later(json_page.render, key="project_id", delay_seconds=2),
            later(root_page.render, key="index_id", delay_seconds=2),
            later(feeds.render_index, key="index_id", delay_seconds=2),
            later(feeds.render_project, key="project_id", delay_seconds=2),
            later(readme.render, key="release_id"),
        ],
        catalog.FileHeld: [soon(project_page.render, key="project_id"), later(readme.render, key="release_id")],
        catalog.ProjectReleased: _relisted(),
        catalog.ProjectRefused: [soon(project_page.render, key="project_id")],
        catalog.ReleaseYanked: _relisted(),
        catalog.ReleaseUnyanked: _relisted(),
        catalog.FileYanked: _relisted(),
        catalog.FileUnyanked: _relisted(),
        catalog.FileDeleted: _relisted(),
        catalog.ReleaseDeleted: _relisted(),
        catalog.ProjectDeleted: _relisted(),
        catalog.ProjectStatusChanged: _relisted(),
    }


def _relisted() -> list[Reaction]:
    """Say what follows where something is offered otherwise, or not any more: no page goes on telling of it."""
    return [
        soon(project_page.render, key="project_id"),
        soon(json_page.render, key="project_id"),
        later(root_page.render, key="index_id", delay_seconds=2),
        later(feeds.render_index, key="index_id", delay_seconds=2),
        later(feeds.render_project, key="project_id"),
    ]


def periodic() -> dict[Reaction, timedelta]:
    """Say what repeats, and how often."""
    return {
        later(sweep.sweep): timedelta(hours=1),
        later(site_map.render_statistics): timedelta(hours=1),
        later(site_map.render): timedelta(days=1),
        later(letters.forget_old): timedelta(days=1),
        later(links.forget_old): timedelta(days=1),
        later(log_in.forget_ended_sessions): timedelta(hours=1),
        later(shared_limits.forget_old): timedelta(days=1),
    }


def by_hand() -> list[Reaction]:
    """List reactions that follow no event: owed for every project when the public address moves, or for a letter."""
    return [later(project_page.render_whole, key="project_id"), later(letters.send, key="letter_id")]
