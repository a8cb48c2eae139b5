package alert

// SkipReason is the reason why an alert was skipped (docs/CONTRACT.md §1.1).
type SkipReason string

// The reasons, in the order in which they are checked.
const (
	SkipNested     SkipReason = "nested"     // it is inside another alert
	SkipAnalyzer   SkipReason = "analyzer"   // Analyzer/@id is missing or empty
	SkipSource     SkipReason = "source"     // Source is missing or not an IP address
	SkipProtocol   SkipReason = "protocol"   // Source/@protocol is missing
	SkipTarget     SkipReason = "target"     // Target is missing or not an IP address
	SkipCreateTime SkipReason = "createtime" // CreateTime is missing or not a time
	SkipTimeZone   SkipReason = "timezone"   // CreateTime/@tz is missing or not a zone
	SkipData       SkipReason = "data"       // AdditionalData starttime, cve_id or binary is empty
	SkipSize       SkipReason = "size"       // the alerts before it use up the message's limit
)

// SkipReasons returns all reasons.
func SkipReasons() []SkipReason {
	return []SkipReason{
		SkipNested, SkipAnalyzer, SkipSource, SkipProtocol, SkipTarget, SkipCreateTime, SkipTimeZone,
		SkipData, SkipSize,
	}
}
