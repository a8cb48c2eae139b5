package collector

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/caddyserver/caddy/v2"

	"github.com/peba-edge/peba/store"
)

func init() {
	caddy.RegisterModule(new(AdminAPI))
}

// usersPath is where the users are: GET lists them, POST adds one;
// PATCH and DELETE below it change and remove the one named there.
const usersPath = "/peba/users"

// Bounds on what a user may be given.
const (
	mostUserName = 128 // bytes
	leastToken   = 8   // bytes
	mostToken    = 1024
)

// AdminAPI is PEBA's part of Caddy's admin API; `caddy peba` is its client.
// It runs in the process that owns the store.
type AdminAPI struct{}

// UserChange is the body of a POST or PATCH: what is nil stays as it is.
type UserChange struct {
	Name      string  `json:"name,omitempty"`
	Token     *string `json:"token,omitempty"`
	GetOnly   *bool   `json:"get_only,omitempty"`
	Community *bool   `json:"community,omitempty"`
	Email     *string `json:"email,omitempty"`
}

// UserInfo is what the admin API tells about a user; never the token's hash.
type UserInfo struct {
	Name      string `json:"name"`
	GetOnly   bool   `json:"get_only"`
	Community bool   `json:"community"`
	Email     string `json:"email"`
	// Hash names the kind of the stored hash: "argon2id", or "legacy" for one
	// that `caddy peba user set --token-file` should replace.
	Hash string `json:"hash"`
}

// CaddyModule returns the Caddy module information.
func (*AdminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "admin.api.peba",
		New: func() caddy.Module { return new(AdminAPI) },
	}
}

// Routes returns the admin routes.
func (api *AdminAPI) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: usersPath, Handler: caddy.AdminHandlerFunc(api.serveUsers)},
		{Pattern: usersPath + "/", Handler: caddy.AdminHandlerFunc(api.serveUser)},
		{Pattern: checkPath, Handler: caddy.AdminHandlerFunc(api.serveCheck)},
		{Pattern: damagedPath, Handler: caddy.AdminHandlerFunc(api.serveSpool)},
		{Pattern: salvagePath, Handler: caddy.AdminHandlerFunc(api.serveSpool)},
		{Pattern: deadLettersPath, Handler: caddy.AdminHandlerFunc(api.serveDeadLetters)},
		{Pattern: deadLettersPath + "/", Handler: caddy.AdminHandlerFunc(api.serveDeadLetters)},
	}
}

func (api *AdminAPI) serveUsers(w http.ResponseWriter, r *http.Request) error {
	app, err := api.running(r)
	if err != nil {
		return err
	}
	switch r.Method {
	case http.MethodGet:
		users, err := app.store.ListUsers(r.Context())
		if err != nil {
			return apiError(err)
		}
		infos := make([]UserInfo, len(users))
		for i, u := range users {
			infos[i] = infoOf(u)
		}
		return writeJSON(w, infos)
	case http.MethodPost:
		change, err := readChange(r)
		if err != nil {
			return err
		}
		return app.addUser(w, r, change)
	default:
		return methodNotAllowed(r, "GET or POST")
	}
}

func (api *AdminAPI) serveUser(w http.ResponseWriter, r *http.Request) error {
	app, err := api.running(r)
	if err != nil {
		return err
	}
	name, err := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), usersPath+"/"))
	if err != nil {
		return badRequest(fmt.Errorf("user name: %w", err))
	}
	switch r.Method {
	case http.MethodPatch:
		change, err := readChange(r)
		if err != nil {
			return err
		}
		user, err := app.store.User(r.Context(), name)
		if err != nil {
			return userError(name, err)
		}
		return app.putUser(w, r, user, change)
	case http.MethodDelete:
		if err := app.store.RemoveUser(r.Context(), name); err != nil {
			return userError(name, err)
		}
		app.logins.forget()
		w.WriteHeader(http.StatusNoContent)
		return nil
	default:
		return methodNotAllowed(r, "PATCH or DELETE")
	}
}

func (a *App) addUser(w http.ResponseWriter, r *http.Request, change UserChange) error {
	if err := checkUserName(change.Name); err != nil {
		return badRequest(err)
	}
	if c := a.Community; c != nil && change.Name == c.User {
		return badRequest(fmt.Errorf("user name %q is the community's", change.Name))
	}
	if change.Token == nil {
		return badRequest(errors.New("token is missing"))
	}
	_, err := a.store.User(r.Context(), change.Name)
	if err == nil {
		return caddy.APIError{
			HTTPStatus: http.StatusConflict,
			Err:        fmt.Errorf("user %q exists; use `caddy peba user set` to change it", change.Name),
		}
	}
	if !errors.Is(err, store.ErrNotFound) {
		return apiError(err)
	}
	return a.putUser(w, r, store.User{Name: change.Name}, change)
}

// putUser applies the change to the user, stores and returns it.
func (a *App) putUser(w http.ResponseWriter, r *http.Request, user store.User, change UserChange) error {
	if change.Token != nil {
		if n := len(*change.Token); n < leastToken || n > mostToken {
			return badRequest(fmt.Errorf("token has %d bytes: allowed is %d to %d", n, leastToken, mostToken))
		}
		hash, err := a.logins.hasher.hash(r.Context(), *change.Token)
		if err != nil {
			return err
		}
		user.Hash = hash
	}
	if change.GetOnly != nil {
		user.GetOnly = *change.GetOnly
	}
	if change.Community != nil {
		user.Community = *change.Community
	}
	if change.Email != nil {
		user.Email = *change.Email
	}
	if err := a.store.PutUser(r.Context(), user); err != nil {
		return apiError(err)
	}
	a.logins.forget()
	return writeJSON(w, infoOf(user))
}

// running returns the app that runs now, when it is ready. It is not kept: Caddy
// also makes an AdminAPI for a configuration that then fails to start.
func (*AdminAPI) running(r *http.Request) (*App, error) {
	app, err := caddy.ActiveContext().AppIfConfigured("peba")
	if errors.Is(err, caddy.ErrNotConfigured) {
		return nil, caddy.APIError{
			HTTPStatus: http.StatusNotFound,
			Err:        errors.New("the running configuration has no PEBA in it"),
		}
	}
	if err != nil {
		return nil, err
	}
	return app.(*App), app.(*App).wait(r.Context())
}

func infoOf(u store.User) UserInfo {
	kind := "legacy"
	if isArgon(u.Hash) {
		kind = "argon2id"
	}
	return UserInfo{Name: u.Name, GetOnly: u.GetOnly, Community: u.Community, Email: u.Email, Hash: kind}
}

func checkUserName(name string) error {
	if name == "" || len(name) > mostUserName {
		return fmt.Errorf("user name has %d bytes: allowed is 1 to %d", len(name), mostUserName)
	}
	if name == "." || name == ".." || strings.Contains(name, ":") || strings.TrimSpace(name) != name {
		return fmt.Errorf("user name is %q: allowed is none of . and .., no colon, no blank at either end", name)
	}
	for _, r := range name {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return fmt.Errorf("user name %q has the character %q: allowed are printable ones", name, r)
		}
	}
	return nil
}

func readChange(r *http.Request) (UserChange, error) {
	var change UserChange
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&change); err != nil {
		return UserChange{}, badRequest(fmt.Errorf("reading the user: %w", err))
	}
	return change, nil
}

func writeJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(v)
}

func badRequest(err error) error {
	return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: err}
}

func methodNotAllowed(r *http.Request, allowed string) error {
	return caddy.APIError{
		HTTPStatus: http.StatusMethodNotAllowed,
		Err:        fmt.Errorf("method is %s: allowed is %s", r.Method, allowed),
	}
}

// userError tells a user who does not exist from a store that cannot answer.
func userError(name string, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return caddy.APIError{HTTPStatus: http.StatusNotFound, Err: fmt.Errorf("there is no user %q", name)}
	}
	return apiError(err)
}

func apiError(err error) error {
	if errors.Is(err, store.ErrUnavailable) {
		return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: err}
	}
	return err
}

var (
	_ caddy.AdminRouter = (*AdminAPI)(nil)
)
