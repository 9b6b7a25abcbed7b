package api

import "testing"

func TestStoryHasNoFaults(t *testing.T) { story(t) }
