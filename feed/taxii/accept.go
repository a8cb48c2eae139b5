package taxii

import (
	"mime"
	"strings"
)

// acceptable reports whether TAXII 2.1 answers the header Accept. Clients let their users
// type anything, and some name the type of the objects, or STIX 2.0. Only those who
// ask for nothing but another version of TAXII could not read the answer.
func acceptable(accept []string) bool {
	another := false
	for _, value := range accept {
		for _, part := range strings.Split(value, ",") {
			mediaType, parameters, err := mime.ParseMediaType(part)
			if err != nil && strings.TrimSpace(part) == "" {
				continue
			}
			version := parameters["version"]
			switch {
			case mediaType == "application/vnd.oasis.taxii+json",
				mediaType == "application/taxii+json" && version != "" && version != "2.1":
				another = true
			default:
				return true
			}
		}
	}
	return !another
}
