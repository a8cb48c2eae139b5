package query

import (
	"encoding/json"

	"github.com/peba-edge/peba/alert"
)

// privateAlert is one alert with all its fields, in a list for logged-in users.
type privateAlert struct {
	ID           string         `json:"id"`
	DateCreated  alert.Time     `json:"dateCreated"`
	DateReceived alert.Time     `json:"dateReceived"`
	ClientDomain bool           `json:"clientDomain"`
	AnalyzerType string         `json:"analyzerType"`
	Analyzer     string         `json:"analyzer"`
	Source       endpoint       `json:"source"`
	Target       endpoint       `json:"target"`
	Transport    string         `json:"transport"`
	Sensor       alertSensor    `json:"sensor"`
	Request      string         `json:"request"`
	Raw          string         `json:"raw"`
	Username     string         `json:"username"`
	Password     string         `json:"password"`
	Login        string         `json:"login"`
	Client       string         `json:"clientVersion"`
	CVE          string         `json:"cve"`
	PayloadHash  string         `json:"payloadHash"`
	Session      alertSession   `json:"session"`
	Data         map[string]any `json:"additionalData"`
}

// endpoint is one end of an attack.
type endpoint struct {
	Address     string `json:"address"`
	Port        string `json:"port"`
	Country     string `json:"country"`
	CountryName string `json:"countryName"`
	AS          string `json:"as"`
	Lat         string `json:"lat"`
	Lng         string `json:"lng"`
}

type alertSensor struct {
	ID         string `json:"id"`
	UUID       string `json:"uuid"`
	Hostname   string `json:"hostname"`
	ExternalIP string `json:"externalIP"`
	InternalIP string `json:"internalIP"`
}

type alertSession struct {
	ID    string `json:"id"`
	Start string `json:"start"`
	End   string `json:"end"`
}

var endpointSchema = record(
	field("address", text("The address.")),
	field("port", text("The port, or whatever the sensor sent instead.")),
	field("country", text("ISO code or -.")),
	field("countryName", text("Its name.")),
	field("as", text("The autonomous system, as AS, number and name, or -.")),
	field("lat", text("The latitude in degrees; 0.0 with a longitude of 0.0 if unknown.")),
	field("lng", text("The longitude in degrees.")))

var privateAlertSchema = record(
	field("id", text("The alert's id.")),
	field("dateCreated", textLike(momentPattern, "When it happened by the sensor's clock, in UTC.")),
	field("dateReceived", textLike(momentPattern, "When it arrived, in UTC.")),
	field("clientDomain", &Schema{Type: "boolean", Description: "Whether it is one of the community's alerts."}),
	field("analyzerType", text("The honeypot type.")),
	field("analyzer", text("The honeypot's id.")),
	field("source", endpointSchema),
	field("target", endpointSchema),
	field("transport", text("The transport protocol, such as tcp.")),
	field("sensor", record(
		field("id", text("The sensor, as in /alert/sensors: its uuid, otherwise its host name, otherwise address and its target address.")),
		field("uuid", text("Its uuid; empty if it sent none.")),
		field("hostname", text("Its host name; undefined if it sent none.")),
		field("externalIP", text("Its external address; 1.1.1.1 if it sent none.")),
		field("internalIP", text("Its internal address; 1.1.1.1 if it sent none.")))),
	field("request", text("What the attacker did, in one line of plain text, not escaped for HTML.")),
	field("raw", text("The HTTP request; - if there is none.")),
	field("username", text("The attempted user name.")),
	field("password", text("The attempted password.")),
	field("login", text("The result of the login.")),
	field("clientVersion", text("The name of the attacker's client.")),
	field("cve", text("The vulnerability reported by the sensor.")),
	field("payloadHash", text("The payload's MD5.")),
	field("session", record(
		field("id", text("The session's id.")),
		field("start", text("Start, as sent by the sensor.")),
		field("end", text("End, as sent by the sensor.")))),
	field("additionalData", &Schema{Type: "object", Description: "Everything else that the sensor sent, by name."}))

// privateAlertExample is one alert in an example's list.
const privateAlertExample = `    {
      "id": "6a1b2c3d9f0e8d7c6b5a49382716a5b4",
      "dateCreated": "2026-11-23 23:45:51",
      "dateReceived": "2026-11-23 23:45:55",
      "clientDomain": true,
      "analyzerType": "SSH/console(cowrie)",
      "analyzer": "cowrie-community-01",
      "source": {"address": "8.8.8.8", "port": "43288", "country": "US", "countryName": "United States", "as": "AS15169 Google LLC", "lat": "37.751", "lng": "-97.822"},
      "target": {"address": "198.51.100.9", "port": "22", "country": "DE", "countryName": "Germany", "as": "AS3320 Deutsche Telekom AG", "lat": "52.3751", "lng": "9.9819"},
      "transport": "tcp",
      "sensor": {"id": "5bf2dea2-0a7d-4029-9830-1c7e2ac0ad5a", "uuid": "5bf2dea2-0a7d-4029-9830-1c7e2ac0ad5a", "hostname": "tpot-01", "externalIP": "198.51.100.9", "internalIP": "192.168.1.2"},
      "request": "Username: \"root\" | Password: \"123456\" | Status: Fail",
      "raw": "-",
      "username": "root",
      "password": "123456",
      "login": "Fail",
      "clientVersion": "SSH-2.0-Go",
      "cve": "",
      "payloadHash": "",
      "session": {"id": "8a2b1c3d4e5f", "start": "2026-11-23 23:45:50", "end": "2026-11-23 23:45:52"},
      "additionalData": {"sessionid": "8a2b1c3d4e5f"}
    }`

// privateAlerts returns alerts as they appear in lists.
func privateAlerts(documents []alert.Document) []privateAlert {
	alerts := make([]privateAlert, len(documents)) // not nil: an empty list is []
	for i := range documents {
		alerts[i] = newPrivateAlert(&documents[i])
	}
	return alerts
}

func newPrivateAlert(d *alert.Document) privateAlert {
	data := make(map[string]any)
	if json.Unmarshal([]byte(d.AdditionalData), &data) != nil || data == nil {
		data = map[string]any{} // another program's
	}
	datum := func(name string) string {
		value, _ := data[name].(string)
		return value
	}
	a := privateAlert{
		ID:           d.ID,
		DateCreated:  d.CreateTime,
		DateReceived: d.RecievedTime,
		ClientDomain: d.ClientDomain,
		AnalyzerType: d.PeerType,
		Analyzer:     d.PeerIdent,
		Source:       endpoint{Address: d.SourceEntryIP, Port: d.SourceEntryPort, Country: d.Country, CountryName: d.CountryName, AS: d.SourceEntryAS},
		Target: endpoint{Address: d.TargetEntryIP, Port: d.TargetEntryPort, Country: d.TargetCountry, CountryName: d.TargetCountryName,
			AS: d.TargetEntryAS},
		Transport: d.TargetPort,
		Sensor: alertSensor{ID: sensorName(d.SensorUUID, d.Hostname, d.TargetEntryIP), UUID: d.SensorUUID, Hostname: d.Hostname,
			ExternalIP: d.ExternalIP, InternalIP: d.InternalIP},
		Request:     plainRequest(d),
		Raw:         d.RawHTTP,
		Username:    d.Username,
		Password:    d.Password,
		Login:       d.Login,
		Client:      d.ClientVersion,
		CVE:         d.VulnID,
		PayloadHash: datum("payload_md5"),
		Session:     alertSession{ID: datum("sessionid"), Start: d.SessionStart, End: d.SessionEnd},
		Data:        data,
	}
	a.Source.Lat, a.Source.Lng = coordinates(d.Location)
	a.Target.Lat, a.Target.Lng = coordinates(d.LocationDestination)
	return a
}

// sensorName is the id of a sensor in the answer of sensors.
func sensorName(uuid, hostname, address string) string {
	switch {
	case uuid != "":
		return uuid
	case hostname != "" && hostname != alert.UnknownHost:
		return hostname
	}
	return "address " + address
}
