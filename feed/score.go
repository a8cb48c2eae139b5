package feed

import (
	"math"
	"time"

	"github.com/peba-edge/peba/alert"
)

// Score says how sure it is that an address attacks, from 0 to 100: the sum of its parts.
// docs/FEEDS.md publishes the formula.
type Score struct {
	// Recency is up to 30 points, halved every three days since the last alert.
	Recency int `json:"recency"`
	// Volume is up to 25 points: the decimal logarithm of the alerts, full at 1000.
	Volume int `json:"volume"`
	// Sensors is up to 20 points: the binary logarithm of the distinct sensors plus one,
	// full at 15.
	Sensors int `json:"sensors"`
	// Days is up to 10 points: two for each distinct day.
	Days int `json:"days"`
	// Interaction is up to 15 points by how far the attacker got.
	Interaction int `json:"interaction"`
}

// Total returns the score, from 0 to 100.
func (s Score) Total() int { return s.Recency + s.Volume + s.Sensors + s.Days + s.Interaction }

// recencyHalfLife is the age at which the last alert counts half.
const recencyHalfLife = 3 * 24 * time.Hour

// interactionPoints are the points for how far the attacker got
// (alert.Document.Interaction).
func interactionPoints(interaction string) int {
	switch interaction {
	case alert.InteractionAttempt:
		return 5
	case alert.InteractionLogin:
		return 10
	case alert.InteractionCommand:
		return 12
	case alert.InteractionPayload:
		return 13
	case alert.InteractionExploit:
		return 15
	default: // only a connection
		return 0
	}
}

// scoreOf computes the score of details at a time.
func scoreOf(d *Details, at time.Time) Score {
	age := max(0, at.Sub(d.Last))
	return Score{
		Recency:     points(30, math.Exp2(-float64(age)/float64(recencyHalfLife))),
		Volume:      points(25, math.Log10(float64(max(1, d.Alerts)))/3),
		Sensors:     points(20, math.Log2(float64(d.Sensors+1))/4),
		Days:        points(10, float64(d.Days)/5),
		Interaction: interactionPoints(d.Interaction),
	}
}

// points returns a share of so many points, rounded.
func points(most int, share float64) int {
	return int(math.Round(float64(most) * min(1, share)))
}
