package api

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

type rewardData struct {
	Title, Note, Who string
	Rows             []rewardRow
	Disputes         []disputeBody
}

type rewardRow struct {
	To          event.Address
	For, Amount string
}

// addMoney adds who gets what, what was refused and what is owed back.
func (d *boardData) addMoney(v *view, pool event.ID, n uint32) error {
	r, err := rewardsOf(v, pool, n)
	if err != nil {
		return err
	}
	d.Reward = rewardData{Who: "Participant", Disputes: r.Disputes}
	d.Reward.Title, d.Reward.Note = rewardText(r)
	for _, p := range r.Payouts {
		d.Reward.Rows = append(d.Reward.Rows, rewardRow{p.To, ranks(p.Parts), exact(r.Pot, p.Amount)})
	}
	if len(r.Payouts) == 0 {
		d.Reward.Who = "Funder"
		for _, p := range r.Refunds {
			d.Reward.Rows = append(d.Reward.Rows, rewardRow{p.To, "refund: nobody is ranked", exact(r.Pot, p.Amount)})
		}
	}
	for _, o := range r.Owed {
		d.Owed = append(d.Owed, owedRow{o.Message, o.To, o.Why, o.Money.String()})
	}
	d.Refused = v.refusalsOf(pool)
	slices.Reverse(d.Refused)
	if len(d.Refused) > maxRefusedShown {
		d.Refused, d.MoreRefused = d.Refused[:maxRefusedShown], true
	}
	return nil
}

// refusalsOf leaves out what clearly belongs to another pool.
func (v *view) refusalsOf(pool event.ID) []refusal {
	others := map[event.ID]bool{}
	for _, sl := range v.Stream.Slots {
		if !sl.Effect.Pool.IsZero() && sl.Effect.Pool != pool {
			others[sl.Message] = true
		}
	}
	return slices.DeleteFunc(v.refusals(), func(r refusal) bool { return others[r.ID] })
}

func rewardText(r rewardsBody) (title, note string) {
	switch {
	case r.Kind == phaseFinal:
		return "Rewards", "Final. The challenge window has passed; the amounts may be paid."
	case r.Kind == phasePreliminary:
		return "Rewards", "Preliminary until " + dateTime(event.Millis(*r.Challenge)) + ". What is found to be wrong before that is shown here as a dispute."
	case r.Order != projections.ByNonce:
		return "If the pot were divided now", "A projection only: the pool process has no assignments on Arweave, so its pots are never divided."
	case r.Phase == phaseOpen:
		return "If the period ended now", "A projection by " + r.Rule + ": it changes with the board."
	}
	return "Rewards, not divided yet", "What the rule " + r.Rule + " gives by the board as it stands."
}

func ranks(parts []part) string {
	text := make([]string, len(parts))
	for i, p := range parts {
		text[i] = fmt.Sprint("#", p.Rank)
	}
	return strings.Join(text, " + ")
}

func exact(pot Money, a event.Amount) string {
	return decimals(a.Big(), int(pot.Denomination))
}
