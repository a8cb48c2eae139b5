package command

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/peba-edge/peba/login"
)

// newToken returns the token of a new user; made reports whether it was
// generated.
func newToken(cmd *cobra.Command, file string) (token string, made bool, err error) {
	if file != "" {
		token, err = readToken(cmd.InOrStdin(), file)
		return token, false, err
	}
	if in, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		token, err = askToken(in, cmd.ErrOrStderr())
		if err != nil || token != "" {
			return token, false, err
		}
	}
	return rand.Text(), true, nil
}

// askToken prompts for a token on a terminal, twice unless it is empty: the
// input is not shown, and a typing error would lock the user out.
func askToken(in *os.File, prompts io.Writer) (string, error) {
	token, err := readHidden(in, prompts, "Token (leave empty to generate one): ")
	if err != nil || token == "" {
		return "", err
	}
	again, err := readHidden(in, prompts, "Token again: ")
	if err != nil {
		return "", err
	}
	if again != token {
		return "", errors.New("the two tokens differ")
	}
	return token, nil
}

// readHidden reads a line without echo. It catches Ctrl-C, which would end the
// process and leave the terminal without echo.
func readHidden(in *os.File, prompts io.Writer, prompt string) (string, error) {
	fd := int(in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupted)
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	fmt.Fprint(prompts, prompt)
	go func() {
		text, err := term.ReadPassword(fd)
		read <- line{text, err}
	}()
	select {
	case l := <-read:
		fmt.Fprintln(prompts)
		if l.err != nil {
			return "", fmt.Errorf("read the token: %w", l.err)
		}
		return string(l.text), nil
	case <-interrupted:
		fmt.Fprintln(prompts)
		return "", errors.Join(errors.New("interrupted: nothing was changed"), term.Restore(fd, before))
	}
}

// readToken reads a token from a file, or from in if the file is "-". It drops
// the line end.
func readToken(in io.Reader, file string) (string, error) {
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("read the token: %w", err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, login.MaxToken+3))
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	token := strings.TrimRight(string(b), "\r\n")
	if token == "" {
		return "", fmt.Errorf("the token in %s is empty", file)
	}
	return token, nil
}
