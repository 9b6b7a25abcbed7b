package scheduler

import (
	"fmt"

	"github.com/aobench/aobench/event"
)

// An Intent is something that ought to be done: a decision to record or a job to hand out, never both.
type Intent struct {
	Key    string     // equal for equal intents
	Pool   event.ID   // zero where it belongs to no pool
	Decide event.Body // nil for a job
	Job    *Job
}

// The tasks that a job may ask for.
const (
	TaskModel   = "model"   // find out who uploaded a model
	TaskProcess = "process" // find out who owns a process
	TaskDataset = "dataset" // fetch and bind a period's dataset
	TaskRun     = "run"     // evaluate a model
)

// A Job is the message that asks for work. It carries all that a worker needs.
type Job struct {
	Task    string
	Source  event.ID // model, process, or the dataset's transaction
	Attempt uint32   // 1, 2, 3 …
	Pool    event.ID
	Period  uint32
	Run     event.RunKey // TaskRun
	Limits  Limits       // TaskRun
}

// Limits are the terms' caps on a run; 0 is no cap.
type Limits struct {
	ModelBytes uint64
	RunSeconds uint32
}

// The topics on which jobs are handed out: runs take the machine for minutes and must not hold up the rest.
const (
	TopicLook = "look"
	TopicRun  = "run"
)

// Topic says where the job is handed out.
func (j Job) Topic() string {
	if j.Task == TaskRun {
		return TopicRun
	}
	return TopicLook
}

// Key names the job: equal jobs have equal keys.
func (j Job) Key() string {
	switch j.Task {
	case TaskRun:
		return fmt.Sprintf("run/%s/%d", j.Run.Run(), j.Attempt)
	case TaskDataset:
		return fmt.Sprintf("dataset/%s/%d", j.Pool, j.Period)
	}
	return fmt.Sprintf("%s/%s/%d", j.Task, j.Source, j.Attempt)
}

// Encode returns the job's bytes for the bus.
func (j Job) Encode() ([]byte, error) { return event.Marshal(j) }

// DecodeJob reads what Encode wrote.
func DecodeJob(b []byte) (Job, error) {
	var j Job
	if err := event.Unmarshal(b, &j); err != nil {
		return Job{}, fmt.Errorf("decode job: %w", err)
	}
	return j, nil
}
