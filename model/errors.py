"""Every error a user can meet, as one tree.

    BetaLensError
    ├── InputError              what a person sent: 4xx in the API, exit 2 on the command line
    │   ├── ImageError          bytes that are no radiograph we read
    │   ├── ReportError         text that is no report we read
    │   └── ChoiceError         a finding, β, split or method that does not exist
    ├── StudyTableError         a studies.csv that cannot be used as it stands
    ├── CheckpointError         a checkpoint that is damaged, foreign or incomplete
    ├── ArchiveError            a folder that cannot hold the explanations of a table
    ├── ClusterError            a Ray cluster that does not answer, or gives up
    ├── TrainingError           a training that cannot start, go on or end well
    ├── EncoderError            an encoder that is unknown or has no weights here
    ├── WeightsError            published weights that cannot be fetched, or are not what they should be
    ├── FeedbackError           a flag that was not saved
    │   ├── TakenError          because another one has its id: 409 in the API
    │   └── StoreError          because the disk or the database refused it: 503 in the API
    │       └── AuditError      because who did it could not be written down
    ├── BusyError               what the machine has no room for now: 503 in the API
    └── AccessError             what somebody may not do, or who may do what cannot be told

A message is one sentence for the person who caused it: what was got, what was expected, what to do. It never
holds report text, header fields or anything else that could name a patient.
"""


class BetaLensError(Exception):
    """Base of everything this project raises on purpose."""


class InputError(BetaLensError):
    """What a person sent cannot be used."""


class ImageError(InputError):
    """The bytes are not a radiograph that can be read."""


class ReportError(InputError):
    """The text is not a report that can be read."""


class ChoiceError(InputError):
    """A finding, β, split or method was named that does not exist."""


class StudyTableError(BetaLensError):
    """A table of studies cannot be used as it stands."""


class CheckpointError(BetaLensError):
    """A checkpoint is damaged, foreign or incomplete."""


class ArchiveError(BetaLensError):
    """A folder cannot hold the explanations of a table."""


class ClusterError(BetaLensError):
    """A Ray cluster does not answer, or gives up."""


class TrainingError(BetaLensError):
    """A training cannot start, go on or end well."""


class EncoderError(BetaLensError):
    """An encoder is unknown, or its weights are not on this machine."""


class WeightsError(BetaLensError):
    """Published weights are unknown, cannot be fetched, or are not what they should be."""


class FeedbackError(BetaLensError):
    """A flag was not saved."""


class TakenError(FeedbackError):
    """Another flag has the id.

    Attributes:
        flag: that one; None where its content was purged.
    """

    def __init__(self, flag: object = None):
        whose = "a verdict with other content" if flag else "a verdict that was purged"
        super().__init__(f"The flag was not saved: {whose} has its id; send it again under another one.")
        self.flag = flag


class StoreError(FeedbackError):
    """The disk or the database refused: what was to be kept may be right, and can be tried again."""


class BusyError(BetaLensError):
    """The machine has no room for it now: it can be tried again."""


class AuditError(StoreError):
    """Who does something cannot be written down, so it is not done: it can be tried again."""


class AccessError(BetaLensError):
    """Somebody may not do what they ask for, or it cannot be told who may."""
