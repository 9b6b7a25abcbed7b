package api

import (
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

// words says in plain English what the closed list of reasons means to the person it happened to.
var words = map[string]string{
	string(event.TooLarge):           "the item is larger than items may be",
	string(event.Malformed):          "the bytes are not a well-formed data item",
	string(event.BadSignature):       "the signature does not verify",
	string(event.BadSigType):         "the signature is of a type that AO does not verify",
	string(event.IDMismatch):         "the bytes belong to another id",
	string(event.BadAssignment):      "the assignment's tags do not read",
	string(event.Unverifiable):       "the gateway did not give what is needed to verify it; it is tried again",
	string(event.ForgedSender):       "it says it is from a process, but no trusted authority signed it",
	string(event.NotAuthority):       "a payment notice must come from the token through a trusted authority",
	string(event.UnknownToken):       "it comes from a process that is not an accepted token",
	string(event.BadQuantity):        "the quantity is not a positive whole number",
	string(event.Repushed):           "the same message was delivered twice and counts once",
	string(event.BadTags):            "a tag that it needs is missing or does not read",
	string(event.UnknownRule):        "it names no known way of dividing the pot; the amount is owed back",
	string(event.BelowMinimum):       "it is too small to open a period; the amount is owed back",
	string(event.OtherToken):         "the open period takes another token; the amount is owed back",
	string(event.BadData):            "its data is not what this action wants",
	string(event.NoPeriod):           "no period of that pool was open at that time",
	string(event.AlreadyJoined):      "this participant had joined with this model before",
	string(event.ModelTaken):         "somebody else had joined with this model first",
	string(event.Displaced):          "the model's uploader joined and took the place",
	string(event.TooManyJoins):       "the participant has joined with as many models as one may",
	string(event.TooManyFunders):     "the period has as many funders as it takes; the deposit is owed back",
	string(event.PeriodFull):         "the period has as many models as it takes",
	string(event.NotEvaluator):       "the score comes from an address that may not give one",
	string(event.UnknownPool):        "there is no such pool",
	string(event.AfterClosing):       "it was recorded after its period had been closed",
	string(event.AssignmentStranger): "the assignment is not signed by a scheduler of the pool",
	string(event.ModelUnfetchable):   "the model file cannot be fetched from any gateway",
	string(event.ModelNotLoadable):   "the engine cannot load the model file",
	string(event.ModelOverCap):       "the model is larger or slower than the terms allow",
	string(event.NonFiniteOutput):    "the model's output is not a number",
	string(event.EngineFailed):       "our engine failed; the run is tried again",
	string(event.DatasetFailed):      "the dataset could not be had; the run is tried again",
	projections.NotScored:            "not scored yet",
	projections.NoneCorrect:          "no answer is right",
	projections.IsCopy:               "counts as a copy of an earlier model",
}

// inWords explains a reason; one that this program does not know stays as it is.
func inWords(reason string) string {
	if w, ok := words[reason]; ok {
		return w
	}
	return reason
}
