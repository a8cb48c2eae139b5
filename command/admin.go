package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// adminClient is a client of the running server's admin API.
type adminClient struct {
	address, config, adapter string
}

// register adds the flags for the server's address.
func (c *adminClient) register(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&c.address, "address", "", "the address of the running server's admin API")
	cmd.PersistentFlags().StringVarP(&c.config, "config", "c", "", "the configuration file with that address")
	cmd.PersistentFlags().StringVarP(&c.adapter, "adapter", "a", "", "the config adapter for that file")
}

// do sends body as JSON and decodes the answer into result; either may be nil.
func (c *adminClient) do(cmd *cobra.Command, method, path string, body, result any) error {
	// From here on errors are the server's, not of usage.
	cmd.SilenceUsage = true
	address, err := caddycmd.DetermineAdminAPIAddress(c.address, nil, c.config, c.adapter)
	if err != nil {
		return fmt.Errorf("find the admin API: %w", err)
	}
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode the request: %w", err)
		}
		reader = bytes.NewReader(encoded)
	}
	resp, err := caddycmd.AdminAPIRequest(address, method, path, nil, reader)
	if sentence := sentenceOf(err); sentence != "" {
		return errors.New(printableLine(sentence))
	}
	if err != nil {
		return fmt.Errorf("no answer from the admin API at %s: is the server running? %w", address, err)
	}
	defer resp.Body.Close()
	if result == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(result); err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	return nil
}

// sentenceOf returns the server's error text if err is Caddy's error for an
// error status: a JSON object after some words.
func sentenceOf(err error) string {
	if err == nil {
		return ""
	}
	_, object, _ := strings.Cut(err.Error(), ": {")
	var answer struct {
		Error string `json:"error"`
	}
	if json.Unmarshal([]byte("{"+object), &answer) != nil {
		return ""
	}
	return answer.Error
}
