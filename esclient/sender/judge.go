package sender

import (
	"time"

	"github.com/peba-edge/peba/esclient/cluster"
)

// judge completes the results of actions that were sent at that time with what the
// answer says of each.
func (s *Sender) judge(actions []action, items []cluster.Item, sent time.Time, results []result) {
	var stored, open string
	for i := range actions {
		a, o := &actions[i], classify(actions[i].op, &items[i])
		results[i].outcome = o
		switch {
		case o == outcomeStored && a.index != stored:
			stored = a.index
			s.health.took(stored)
		case o == outcomeConflict && a.index != open:
			open = a.index
			s.health.opened(open)
		}
	}
	busy, rejected := false, ""
	for i := range actions {
		r := &results[i]
		if r.outcome == outcomeStored || r.outcome == outcomeConflict {
			continue
		}
		r.reason = items[i].Error.Text(items[i].Status)
		r.tries.unsure = r.tries.unsure || items[i].Status >= 500
		switch r.outcome {
		case outcomeBusy:
			busy, rejected = true, r.reason
		case outcomeAgain:
			rejected = r.reason
		}
		if items[i].Error.Type == cluster.KindNoIndex {
			s.indices.remove(actions[i].index) // it is created before the next try
		}
		*r = s.refuse(actions[i].index, *r, sent)
	}
	if rejected != "" && stored == "" && open == "" {
		s.health.rejected(rejected)
	}
	if busy {
		s.size.busy()
	}
}

// refuse decides about an outcome that is not good, of an action that was sent at that
// time. Where the cluster does not make clear whether the document or the index is
// at fault, the document is, if the index has taken others since.
func (s *Sender) refuse(index string, r result, sent time.Time) result {
	if r.outcome == outcomeUnclear || r.outcome == outcomeObscure {
		if r.tries.refusals++; r.tries.refusals == 1 {
			r.tries.refused = sent
		}
		dead := s.health.tookSince(index, r.tries.refused) && (r.outcome == outcomeUnclear || r.tries.refusals >= obscureRefusals)
		r.outcome = outcomeBlocked
		if dead {
			r.outcome = outcomeDead
		}
	}
	if r.outcome == outcomeBlocked {
		s.health.blocked(index, r.reason)
		s.indices.remove(index) // whoever repairs it may delete it: the next try creates it first
	}
	return r
}

// refuseAlone decides about an action that the cluster refuses as a request of its own.
func (s *Sender) refuseAlone(index string, t tries, refusal *cluster.Error, sent time.Time) result {
	r := result{reason: refusal.Cause.Text(refusal.Status), tries: t}
	switch {
	case refusal.Status == statusTooLarge:
		r.outcome = outcomeDead
		return r
	case refusal.Cause.Type == "":
		r.outcome = outcomeObscure
	default:
		r.outcome = classifyRefusal(&refusal.Cause)
	}
	return s.refuse(index, r, sent)
}
