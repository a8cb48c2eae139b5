package alert

import "github.com/go-json-experiment/json/jsontext"

// AppendJSON appends the stored form of the document to b: the JSON object that
// encoding/json produces, but with < > & unescaped. It takes a third of the
// time, and every alert is encoded once.
func (d *Document) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	b = appendMember(b, "peerIdent", d.PeerIdent)
	b = appendMember(b, "peerType", d.PeerType)
	b = appendMoment(b, "createTime", d.CreateTime)
	b = appendMoment(b, "recievedTime", d.RecievedTime)
	b = appendMember(b, "sourceEntryIp", d.SourceEntryIP)
	b = appendMember(b, "sourceEntryPort", d.SourceEntryPort)
	b = appendMember(b, "targetEntryIp", d.TargetEntryIP)
	b = appendMember(b, "targetEntryPort", d.TargetEntryPort)
	b = appendMember(b, "targetport", d.TargetPort)
	b = appendMember(b, "originalRequestString", d.OriginalRequestString)
	b = appendMember(b, "rawhttp", d.RawHTTP)
	b = appendMember(b, "username", d.Username)
	b = appendMember(b, "password", d.Password)
	b = appendMember(b, "login", d.Login)
	b = appendMember(b, "clientVersion", d.ClientVersion)
	b = appendMember(b, "sessionStart", d.SessionStart)
	b = appendMember(b, "sessionEnd", d.SessionEnd)
	b = appendMember(b, "vulnid", d.VulnID)
	b = appendMember(b, "externalIP", d.ExternalIP)
	b = appendMember(b, "internalIP", d.InternalIP)
	b = appendMember(b, "hostname", d.Hostname)
	if d.SensorUUID != "" {
		b = appendMember(b, "sensorUUID", d.SensorUUID)
	}
	b = appendMember(b, "additionalData", d.AdditionalData)
	b = appendName(b, "clientDomain")
	if d.ClientDomain {
		b = append(b, "true"...)
	} else {
		b = append(b, "false"...)
	}
	b = appendMember(b, "country", d.Country)
	b = appendMember(b, "countryName", d.CountryName)
	b = appendMember(b, "location", d.Location)
	b = appendMember(b, "sourceEntryAS", d.SourceEntryAS)
	b = appendMember(b, "targetCountry", d.TargetCountry)
	b = appendMember(b, "targetCountryName", d.TargetCountryName)
	b = appendMember(b, "locationDestination", d.LocationDestination)
	b = appendMember(b, "targetEntryAS", d.TargetEntryAS)
	b = appendMember(b, "client", d.Client)
	return append(b, '}')
}

func appendMember(b []byte, name, value string) []byte {
	// The error reports invalid UTF-8, which has become U+FFFD.
	b, _ = jsontext.AppendQuote(appendName(b, name), value)
	return b
}

func appendMoment(b []byte, name string, t Time) []byte {
	b = append(appendName(b, name), '"')
	return append(t.AppendFormat(b, TimeLayout), '"')
}

// appendName begins a member of an object.
func appendName(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, name...)
	return append(b, '"', ':')
}
