package integration

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/peba-edge/peba/integration/edgetest"
)

// alertCount asks for the number of alerts of so many minutes. Answers are cached
// by the minutes: others make the server ask its store.
func (s *server) alertCount(minutes int) (edgetest.Answer, error) {
	return s.Try(http.MethodGet, fmt.Sprintf("/alert/retrieveAlertsCount?time=%d&out=json", minutes), "")
}

// number reads the answer to alertCount.
func number(a edgetest.Answer) (n int, err error) {
	var counted struct{ AlertCount int }
	err = json.Unmarshal([]byte(a.Body), &counted)
	return counted.AlertCount, err
}
