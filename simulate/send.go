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
	// answerTimeout is what the sensors' client grants (contract §1).
	answerTimeout = 60 * time.Second
	// maxRetryAfter bounds how long a server can make the sensors wait.
	maxRetryAfter = 5 * time.Minute
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 64 << 10
	// maxReason bounds what is shown of it, in characters.
	maxReason = 160
)

// newClient returns the client for a nil Config.Client. HTTP/1.1, because every
// sensor has a connection of its own; redirects are reported, not followed, since
// the messages carry credentials.
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

// outcome is what came of one message.
type outcome struct {
	// reason is why the alerts were not accepted; empty: they were.
	reason   string
	answered bool
	// retryAfter is how long the server asks to wait; zero: it does not.
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

// retryAfter returns how long the server asks to wait, at most maxRetryAfter. The
// form with a date is not used by servers of this kind.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 31)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxRetryAfter)
}

// judge says why an answer is none that keeps a sensor from sending again.
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

// noAnswer groups transport errors by kind: their texts have ports in them and
// would each be a reason of its own.
func noAnswer(ctx context.Context, err error) string {
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	var certificate *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		return "stopped before the answer came"
	case errors.As(err, &dns):
		return noAnswerPrefix + "the host name is not found"
	case errors.Is(err, syscall.ECONNREFUSED):
		return noAnswerPrefix + "connection refused"
	case errors.As(err, &certificate):
		return noAnswerPrefix + "the server's certificate is not trusted: " + clean(certificate.Err.Error())
	case errors.Is(err, http.ErrSchemeMismatch):
		return noAnswerPrefix + "the server speaks no TLS there"
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

// clean makes text of a server fit for one line of a terminal.
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
