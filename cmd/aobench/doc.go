// Command aobench indexes an AO pool process, evaluates the models that joined it, keeps the leaderboards and says who is
// owed what. Its sub-commands are the only place where the packages of this module meet.
package main
