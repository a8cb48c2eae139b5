package alert

// SkipReason says why an alert was left out (contract §1.1).
type SkipReason string

// The reasons, in the order in which they are looked for.
const (
	SkipNested     SkipReason = "nested"     // it stands inside another alert
	SkipAnalyzer   SkipReason = "analyzer"   // Analyzer/@id is missing or empty
	SkipSource     SkipReason = "source"     // Source is missing or no IP address
	SkipProtocol   SkipReason = "protocol"   // Source/@protocol is missing
	SkipTarget     SkipReason = "target"     // Target is missing or no IP address
	SkipCreateTime SkipReason = "createtime" // CreateTime is missing or no time
	SkipTimeZone   SkipReason = "timezone"   // CreateTime/@tz is missing or no zone
	SkipData       SkipReason = "data"       // AdditionalData starttime, cve_id or binary is empty
	SkipSize       SkipReason = "size"       // the alerts before it take all the room of a message
)

// SkipReasons returns all reasons.
func SkipReasons() []SkipReason {
	return []SkipReason{
		SkipNested, SkipAnalyzer, SkipSource, SkipProtocol, SkipTarget, SkipCreateTime, SkipTimeZone,
		SkipData, SkipSize,
	}
}
