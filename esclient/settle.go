package esclient

// settle notes what became of each action.
func (s *sender) settle(actions []*bulkAction, items []bulkItem) {
	var stored, open string
	for i, a := range actions {
		a.outcome = classify(a.op, &items[i])
		switch {
		case a.outcome == outcomeStored && a.index != stored:
			stored = a.index
			s.health.took(stored)
		case a.outcome == outcomeConflict && a.index != open:
			open = a.index
			s.health.opened(open)
		}
	}
	busy, rejected := false, ""
	for i, a := range actions {
		if a.outcome == outcomeStored || a.outcome == outcomeConflict {
			continue
		}
		a.reason = items[i].Error.text(items[i].Status)
		a.unsure = a.unsure || items[i].Status >= 500
		switch a.outcome {
		case outcomeBusy:
			busy, rejected = true, a.reason
		case outcomeAgain:
			rejected = a.reason
		}
		if items[i].Error.Type == kindNoIndex {
			s.indices.remove(a.index) // it is created before the next try
		}
		s.refuse(a, a.outcome)
	}
	if rejected != "" && stored == "" && open == "" {
		s.health.rejected(rejected)
	}
	if busy {
		s.pace.busy()
	}
}

// refuse notes an outcome that is not good. Where the cluster does not make clear
// whether the document or the index is at fault, the document is, if the index
// has taken others since.
func (s *sender) refuse(a *bulkAction, o outcome) {
	if o == outcomeUnclear || o == outcomeObscure {
		if a.refusals++; a.refusals == 1 {
			a.refused = a.sent
		}
		dead := s.health.tookSince(a.index, a.refused) && (o == outcomeUnclear || a.refusals >= obscureRefusals)
		o = outcomeBlocked
		if dead {
			o = outcomeDead
		}
	}
	if o == outcomeBlocked {
		s.health.blocked(a.index, a.reason)
		s.indices.remove(a.index) // whoever repairs it may delete it: the next try creates it first
	}
	a.outcome = o
}

// refuseAlone is for an action that the cluster refuses as a request of its own.
func (s *sender) refuseAlone(a *bulkAction, refusal *requestError) {
	a.reason = refusal.Error()
	switch {
	case refusal.status == statusTooLarge:
		a.outcome = outcomeDead
	case refusal.cause.Type == "":
		s.refuse(a, outcomeObscure)
	default:
		s.refuse(a, classifyRefusal(&refusal.cause))
	}
}
