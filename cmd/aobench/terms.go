package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aobench/aobench/event"
)

// parseToken reads "PROCESS TICKER DECIMALS [from=DAY] [until=DAY]".
func parseToken(s string) (event.Token, error) {
	words, from, until, err := validity(s)
	if err != nil {
		return event.Token{}, err
	}
	if len(words) != 3 {
		return event.Token{}, errors.New("want PROCESS TICKER DECIMALS")
	}
	id, err := event.ParseID(words[0])
	if err != nil {
		return event.Token{}, err
	}
	decimals, err := strconv.ParseUint(words[2], 10, 8)
	if err != nil || decimals > 77 {
		return event.Token{}, fmt.Errorf("decimals %q: want 0 to 77", words[2])
	}
	return event.Token{Process: id, Ticker: words[1], Denomination: uint8(decimals), From: from, Until: until}, nil
}

// parseValid reads "ADDRESS [from=DAY] [until=DAY]".
func parseValid(s string) (event.Valid, error) {
	words, from, until, err := validity(s)
	if err != nil {
		return event.Valid{}, err
	}
	if len(words) != 1 {
		return event.Valid{}, errors.New("want one ADDRESS")
	}
	who, err := event.ParseAddress(words[0])
	return event.Valid{Who: who, From: from, Until: until}, err
}

// parseDataset reads "POOL TRANSACTION".
func parseDataset(s string) (event.DatasetTerm, error) {
	words := strings.Fields(s)
	if len(words) != 2 {
		return event.DatasetTerm{}, errors.New("want POOL TRANSACTION")
	}
	pool, err1 := event.ParseID(words[0])
	tx, err2 := event.ParseID(words[1])
	return event.DatasetTerm{Pool: pool, Tx: tx}, errors.Join(err1, err2)
}

// validity takes from= and until= out of the words of s.
func validity(s string) (words []string, from, until event.Millis, err error) {
	for _, w := range strings.Fields(s) {
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			words = append(words, w)
			continue
		}
		day, err := event.ParseDay(value)
		switch {
		case err != nil:
			return nil, 0, 0, err
		case name == "from":
			from = day.Start()
		case name == "until":
			until = day.Start()
		default:
			return nil, 0, 0, fmt.Errorf("%q: want from=DAY or until=DAY", w)
		}
	}
	return words, from, until, nil
}
