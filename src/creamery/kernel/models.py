"""Tables of the kernel: what happened, what still has to follow, what repeats."""

from django.db import models


class EventRow(models.Model):
    """One thing that happened, for ever. `data` are the event's own fields."""

    name = models.CharField(max_length=80)
    at = models.DateTimeField()
    data = models.JSONField()
    actor_kind = models.CharField(max_length=10)
    proof = models.CharField(max_length=10)
    person_id = models.BigIntegerField(null=True)
    username = models.CharField(max_length=60, blank=True)
    token_id = models.BigIntegerField(null=True)
    address = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=250, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    is_counted = models.BooleanField(db_default=False)

    class Meta:
        db_table = "event"
        indexes = [
            # Of what limits count by the hour; an index of all events would cost each upload something.
            models.Index(fields=["at"], name="event_counted", condition=models.Q(is_counted=True)),
        ]


class EventSubject(models.Model):
    """Whose history shows an event: (`project`, 7), (`person`, 3)."""

    event = models.ForeignKey(EventRow, on_delete=models.CASCADE, related_name="subjects")
    kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()

    class Meta:
        db_table = "event_subject"
        indexes = [models.Index(fields=["kind", "subject_id", "event"], name="event_subject_history")]


class Job(models.Model):
    """One reaction that is owed. Rows with the same reaction and key are twins: one run settles all of them."""

    reaction = models.CharField(max_length=80)
    key = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        db_table = "job"
        indexes = [
            models.Index(fields=["reaction", "key"], name="job_twins"),
            models.Index(fields=["due_at"], name="job_due"),
        ]


class Lease(models.Model):
    """Who runs the reaction of that key at the moment, and until when the others have to keep off."""

    reaction = models.CharField(max_length=80)
    key = models.CharField(max_length=80)
    holder = models.CharField(max_length=32)
    until = models.DateTimeField()

    class Meta:
        db_table = "lease"
        constraints = [models.UniqueConstraint(fields=["reaction", "key"], name="lease_one_holder")]


class Periodic(models.Model):
    """When work that repeats was last begun."""

    reaction = models.CharField(max_length=80, primary_key=True)
    begun_at = models.DateTimeField()

    class Meta:
        db_table = "periodic"


class LetterRow(models.Model):
    """A letter to one person. `facts` fill the template in; it is rendered when it is sent."""

    person_id = models.BigIntegerField()
    username = models.CharField(max_length=60)
    to = models.CharField(max_length=254)
    template = models.CharField(max_length=80)
    facts = models.JSONField()
    at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=[(s, s) for s in ("waiting", "sent", "failed")], default="waiting")
    ended_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "letter"
        indexes = [models.Index(fields=["ended_at"], name="letter_ended")]


class LimitCount(models.Model):
    """How often something was done in the window that began then."""

    key = models.CharField(max_length=120, primary_key=True)
    begun_at = models.DateTimeField()
    count = models.IntegerField()

    class Meta:
        db_table = "limit_count"
        indexes = [models.Index(fields=["begun_at"], name="limit_begun")]


class Note(models.Model):
    """A fact that the program keeps about itself, such as the public path that documents were written for."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.TextField()

    class Meta:
        db_table = "note"
