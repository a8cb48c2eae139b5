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
	"strings"
	"syscall"
	"time"
	"unicode"
)

const (
	// answerTimeout is what the sensors' client grants (contract §1).
	answerTimeout = 60 * time.Second
	// mostAnswer bounds what is read of an answer, in bytes.
	mostAnswer = 64 << 10
	// mostReason bounds what is told of it, in characters.
	mostReason = 160
)

// newClient returns the client for a nil Config.Client. HTTP/1.1, because every
// sensor has a connection of its own; redirects are told, not followed, since
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

// post sends a message. Refused is why the server did not take it, empty when
// it did; answered is false when there was no answer at all.
func post(ctx context.Context, client *http.Client, endpoint string, body []byte) (refused string, answered bool) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		return "request: " + clean(err.Error()), false
	}
	req.Header.Set("Content-Type", "text/xml")
	req.Header.Set("Charset", "UTF-8") // stray, but the sensors' client sends it
	req.Header.Set("User-Agent", "PEBA simulate")
	resp, err := client.Do(req)
	if err != nil {
		return noAnswer(ctx, err), false
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return noAnswer(ctx, err), false
	}
	return judge(resp, answer), true
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
		return "no answer: the host name is not found"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "no answer: connection refused"
	case errors.As(err, &certificate):
		return "no answer: the server's certificate is not trusted: " + clean(certificate.Err.Error())
	case errors.Is(err, http.ErrSchemeMismatch):
		return "no answer: the server speaks no TLS there"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer: timed out"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "no answer: connection closed by the server"
	}
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
		err = cause
	}
	return "no answer: " + clean(err.Error())
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
			if n++; n > mostReason {
				return b.String() + "…"
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}
