package bus

// The topics.
const (
	// TopicWake says that there may be something to do: the log grew, or time has passed. Its payload is empty.
	TopicWake = "wake"
	// TopicJob asks for one run. Its payload is the job as the scheduler encodes it; who takes it checks in the log that
	// the run is still due.
	TopicJob = "job"
)
