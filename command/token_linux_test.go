package command

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// openTerminal returns both ends of a new terminal: what a person types into and
// what a program reads from.
func openTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return person, program
}

// answering types the next answer whenever a prompt is written.
type answering struct {
	terminal io.Writer
	answers  []string
}

func (a *answering) Write(prompt []byte) (int, error) {
	if strings.HasSuffix(string(prompt), ": ") && len(a.answers) > 0 {
		if _, err := io.WriteString(a.terminal, a.answers[0]+"\n"); err != nil {
			return 0, err
		}
		a.answers = a.answers[1:]
	}
	return len(prompt), nil
}

func TestAskToken(t *testing.T) {
	for _, test := range []struct {
		answers     []string
		want, error string
	}{
		{[]string{"a long token", "a long token"}, "a long token", ""},
		{[]string{""}, "", ""},
		{[]string{"a long token", "a lomg token"}, "", "the two tokens differ"},
	} {
		person, program := openTerminal(t)
		got, err := askToken(program, &answering{person, test.answers})
		if got != test.want || fmt.Sprint(err) != test.error && (err != nil || test.error != "") {
			t.Errorf("%q: %q, %v, want %q, %s", test.answers, got, err, test.want, test.error)
		}
	}
}

// interrupting presses Ctrl-C at the prompt, once the terminal shows nothing.
type interrupting struct {
	t        *testing.T
	terminal *os.File
	before   *term.State
}

func (i *interrupting) Write(prompt []byte) (int, error) {
	if !strings.HasSuffix(string(prompt), ": ") {
		return len(prompt), nil
	}
	fd := int(i.terminal.Fd()) // the test may close the terminal before the goroutine ends
	go func() {
		for range 1000 {
			if now, err := term.GetState(fd); err == nil && !reflect.DeepEqual(now, i.before) {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGINT); err != nil {
			i.t.Error(err)
		}
	}()
	return len(prompt), nil
}

func TestAskTokenInterrupted(t *testing.T) {
	_, program := openTerminal(t)
	before, err := term.GetState(int(program.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := askToken(program, &interrupting{t, program, before}); err == nil || !strings.HasPrefix(err.Error(), "interrupted") {
		t.Errorf("error is %v", err)
	}
	if after, err := term.GetState(int(program.Fd())); err != nil || !reflect.DeepEqual(after, before) {
		t.Errorf("the terminal was left as %+v, %v, want %+v", after, err, before)
	}
}
