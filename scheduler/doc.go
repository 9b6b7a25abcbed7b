// Package scheduler decides from state and time what is due, and sees to it that somebody does it.
//
// Due is a pure function: what is due follows from the log and a time, never from a timer that fired or a message that
// arrived. The Loop around it looks whenever the log grew, whenever cron says so, and at start; a missed tick, a lost job,
// a crash and a first start are therefore the same case. What is due is of two kinds:
//
//   - a decision: an event that follows from the state alone (open a batch, close it, close a period, allocate). It is
//     appended only if the log still ends where Due looked, so that every fold can check it.
//   - a job: work that needs the world (fetch a dataset, run a model). It is published under its key, leased in memory,
//     and due again when the lease runs out without a fact in the log. Doing it twice records it once.
//
// The clock by which days and periods end is the timestamp of the newest closed window, which is in the state. The time
// given to Due only paces retries and ends a batch that nobody finishes.
package scheduler
