package alert

import (
	"fmt"
	"time"
)

// Document is one alert as it is stored (docs/CONTRACT.md §1.1). The JSON names are
// the names stored by the Python service and stay, typos included. A missing text
// is the empty string. Ports are texts because some sensors send words.
//
// Everything but ID, RecievedTime, ClientDomain and the geo fields comes from
// Decode; the app fills in the rest.
type Document struct {
	// ID is 32 hex digits, see NewID. Documents written by the Python service
	// keep the ids they had.
	ID string `json:"-"`

	PeerIdent string `json:"peerIdent"`
	PeerType  string `json:"peerType"`

	// CreateTime is by the sensor's clock, RecievedTime by the server's. Both
	// are UTC with a resolution of one second.
	CreateTime   Time `json:"createTime"`
	RecievedTime Time `json:"recievedTime"`

	SourceEntryIP   string `json:"sourceEntryIp"`
	SourceEntryPort string `json:"sourceEntryPort"`
	TargetEntryIP   string `json:"targetEntryIp"`
	TargetEntryPort string `json:"targetEntryPort"`
	// TargetPort holds the transport protocol ("tcp", "udp", …), not a port.
	TargetPort string `json:"targetport"`

	OriginalRequestString string `json:"originalRequestString"`
	RawHTTP               string `json:"rawhttp"`

	Username      string `json:"username"`
	Password      string `json:"password"`
	Login         string `json:"login"`
	ClientVersion string `json:"clientVersion"`
	SessionStart  string `json:"sessionStart"`
	SessionEnd    string `json:"sessionEnd"`
	VulnID        string `json:"vulnid"`

	ExternalIP string `json:"externalIP"`
	InternalIP string `json:"internalIP"`
	Hostname   string `json:"hostname"`
	// SensorUUID is the sensor's identity; the Python service did not store it.
	SensorUUID string `json:"sensorUUID,omitempty"`

	// AdditionalData is the text of a JSON object with sorted keys, "{}" if
	// empty.
	AdditionalData string `json:"additionalData"`

	// ClientDomain is true for the community, false for a private domain.
	ClientDomain bool `json:"clientDomain"`

	Country       string `json:"country"`
	CountryName   string `json:"countryName"`
	Location      string `json:"location"`
	SourceEntryAS string `json:"sourceEntryAS"`

	TargetCountry       string `json:"targetCountry"`
	TargetCountryName   string `json:"targetCountryName"`
	LocationDestination string `json:"locationDestination"`
	TargetEntryAS       string `json:"targetEntryAS"`

	Client string `json:"client"`
}

// Record is one alert ready to be stored: its document and, for types whose
// payloads are kept (docs/CONTRACT.md §1.3), its payload.
type Record struct {
	Document
	// Payload is nil if the alert has none to keep.
	Payload *Payload `json:"-"`
}

// TimeLayout is the format of times in documents and answers, always UTC.
const TimeLayout = "2006-01-02 15:04:05"

// Time is an instant with a resolution of one second, written as TimeLayout.
type Time struct{ time.Time }

// At returns t in UTC, truncated to the second.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Second)} }

// String returns the stored form, in TimeLayout.
func (t Time) String() string { return t.Format(TimeLayout) }

// MarshalJSON writes the stored form.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(`"` + t.String() + `"`), nil
}

// UnmarshalJSON reads the stored form; null leaves the zero time.
func (t *Time) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	parsed, err := time.Parse(`"`+TimeLayout+`"`, string(b))
	if err != nil {
		return fmt.Errorf("time %s: expected the form %q: %w", b, TimeLayout, err)
	}
	t.Time = parsed
	return nil
}
