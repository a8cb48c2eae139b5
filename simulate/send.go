package simulate

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
)

const (
	// answerTimeout is that of the sensors' client (docs/CONTRACT.md §1).
	answerTimeout = 60 * time.Second
	// maxRetryAfter bounds how long a server can make the sensors wait.
	maxRetryAfter = 5 * time.Minute
	// maxAnswer limits how much of an answer is read, in bytes.
	maxAnswer = 64 << 10
	// maxReason limits how much of it is shown, in characters.
	maxReason = 160
)

// newClient returns the client for a nil Config.Client. It uses HTTP/1.1, because
// every sensor has its own connection. It reports redirects instead of following
// them, since messages carry credentials.
func newClient(concurrency int) *http.Client {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			Protocols:           &protocols,
			MaxIdleConns:        concurrency,
			MaxIdleConnsPerHost: concurrency,
			IdleConnTimeout:     90 * time.Second,
			TLSHandshakeTimeout: 10 * time.Second,
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       answerTimeout,
	}
}

// outcome is the result of one message.
type outcome struct {
	// reason is why the alerts were not accepted; empty if they were.
	reason   string
	answered bool
	// retryAfter is how long the server asks to wait; zero if it does not.
	retryAfter time.Duration
}

// post sends a message.
func post(ctx context.Context, client *http.Client, endpoint string, body []byte) outcome {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		return outcome{reason: "request: " + clean(err.Error())}
	}
	req.Header.Set("Content-Type", "text/xml")
	req.Header.Set("Charset", "UTF-8") // stray, but the sensors' client sends it
	req.Header.Set("User-Agent", "PEBA simulate")
	resp, err := client.Do(req)
	if err != nil {
		return outcome{reason: noAnswer(ctx, err)}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return outcome{reason: noAnswer(ctx, err)}
	}
	return outcome{reason: judge(resp, answer), answered: true, retryAfter: retryAfter(resp.Header)}
}

// retryAfter returns how long the server asks to wait, at most maxRetryAfter. It
// does not support dates, which such servers do not send.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 31)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxRetryAfter)
}

// judge returns why an answer makes a sensor retry, or "".
func judge(resp *http.Response, answer []byte) string {
	if resp.StatusCode == http.StatusOK && bytes.Contains(answer, []byte("<StatusCode>OK</StatusCode>")) {
		return ""
	}
	reason := fmt.Sprintf("HTTP %d", resp.StatusCode)
	if location := resp.Header.Get("Location"); location != "" {
		return reason + ": redirects to " + clean(location)
	}
	var result struct {
		StatusCode *string
		Text       string
	}
	switch err := xml.Unmarshal(answer, &result); {
	case err != nil || result.StatusCode == nil:
		return reason + ": no StatusCode in the answer"
	case strings.TrimSpace(result.Text) != "":
		return reason + ": " + clean(result.Text)
	default:
		return reason + ": StatusCode " + clean(*result.StatusCode)
	}
}

const noAnswerPrefix = "no answer: "

// noAnswer groups transport errors by kind: their texts contain ports, which
// would make each a separate reason.
func noAnswer(ctx context.Context, err error) string {
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	var certificate *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		return "stopped before the answer arrived"
	case errors.As(err, &dns):
		return noAnswerPrefix + "host name not found"
	case errors.Is(err, syscall.ECONNREFUSED):
		return noAnswerPrefix + "connection refused"
	case errors.As(err, &certificate):
		return noAnswerPrefix + "the server's certificate is not trusted: " + clean(certificate.Err.Error())
	case errors.Is(err, http.ErrSchemeMismatch):
		return noAnswerPrefix + "the server does not use TLS on this port"
	case errors.As(err, &timeout) && timeout.Timeout():
		return noAnswerPrefix + "timed out"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return noAnswerPrefix + "connection closed by the server"
	}
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
		err = cause
	}
	return noAnswerPrefix + clean(err.Error())
}

// clean makes a server's text safe for one line of a terminal.
func clean(s string) string {
	var b strings.Builder
	n := 0
	for word := range strings.FieldsSeq(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)) {
		if n > 0 {
			b.WriteByte(' ')
			n++
		}
		for _, r := range word {
			if n++; n > maxReason {
				return b.String() + "…"
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}
