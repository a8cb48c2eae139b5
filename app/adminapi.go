package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/peba-edge/peba/login"
	"github.com/peba-edge/peba/store"
)

func init() {
	caddy.RegisterModule(new(AdminAPI))
}

// UsersPath is the path of the users: GET lists them, POST adds one; PATCH and
// DELETE below it change and remove the named one.
const UsersPath = "/peba/users"

// maxUserName is in bytes.
const maxUserName = 128

// AdminAPI is PEBA's part of Caddy's admin API; `caddy peba` is its client.
// It runs in the process that owns the store.
type AdminAPI struct{}

// UserChange is the body of a POST or PATCH. Nil fields stay unchanged.
type UserChange struct {
	Name      string  `json:"name,omitempty"`
	Token     *string `json:"token,omitempty"`
	GetOnly   *bool   `json:"get_only,omitempty"`
	Community *bool   `json:"community,omitempty"`
	Email     *string `json:"email,omitempty"`
}

// UserInfo describes a user in the admin API, without the token's hash.
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
		{Pattern: UsersPath, Handler: caddy.AdminHandlerFunc(api.serveUsers)},
		{Pattern: UsersPath + "/", Handler: caddy.AdminHandlerFunc(api.serveUser)},
		{Pattern: CheckPath, Handler: caddy.AdminHandlerFunc(api.serveCheck)},
		{Pattern: DamagedPath, Handler: caddy.AdminHandlerFunc(api.serveSpool)},
		{Pattern: SalvagePath, Handler: caddy.AdminHandlerFunc(api.serveSpool)},
		{Pattern: DeadLettersPath, Handler: caddy.AdminHandlerFunc(api.serveDeadLetters)},
		{Pattern: DeadLettersPath + "/", Handler: caddy.AdminHandlerFunc(api.serveDeadLetters)},
		{Pattern: FeedsPath, Handler: caddy.AdminHandlerFunc(api.serveFeeds)},
		{Pattern: FeedLookupPath, Handler: caddy.AdminHandlerFunc(api.serveFeedLookup)},
		{Pattern: FeedTokensPath, Handler: caddy.AdminHandlerFunc(api.serveFeedTokens)},
		{Pattern: FeedTokensPath + "/", Handler: caddy.AdminHandlerFunc(api.serveFeedTokens)},
		{Pattern: FeedAllowancesPath, Handler: caddy.AdminHandlerFunc(api.serveFeedAllowances)},
		{Pattern: FeedAllowancesPath + "/", Handler: caddy.AdminHandlerFunc(api.serveFeedAllowances)},
	}
}

func (api *AdminAPI) serveUsers(w http.ResponseWriter, r *http.Request) error {
	app, err := api.running(r)
	if err != nil {
		return err
	}
	switch r.Method {
	case http.MethodGet:
		users, err := store.List[store.User](r.Context(), app.store, store.Listing{})
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
	name, err := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), UsersPath+"/"))
	if err != nil {
		return badRequest(fmt.Errorf("user name: %w", err))
	}
	switch r.Method {
	case http.MethodPatch:
		change, err := readChange(r)
		if err != nil {
			return err
		}
		user, err := store.Get[store.User](r.Context(), app.store, name)
		if err != nil {
			return userError(name, err)
		}
		return app.putUser(w, r, user, change)
	case http.MethodDelete:
		if err := store.Delete[store.User](r.Context(), app.store, name); err != nil {
			return userError(name, err)
		}
		app.logins.Forget()
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
	_, err := store.Get[store.User](r.Context(), a.store, change.Name)
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
		if n := len(*change.Token); n < login.MinToken || n > login.MaxToken {
			return badRequest(fmt.Errorf("token has %d bytes: must have %d to %d", n, login.MinToken, login.MaxToken))
		}
		hash, err := a.logins.Hash(r.Context(), *change.Token)
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
	if err := a.store.PutRecords(r.Context(), user); err != nil {
		return apiError(err)
	}
	a.logins.Forget()
	return writeJSON(w, infoOf(user))
}

// running returns the running app, once it is ready. It is not stored: Caddy
// also creates an AdminAPI for a configuration that then fails to start.
func (*AdminAPI) running(r *http.Request) (*App, error) {
	app, err := caddy.ActiveContext().AppIfConfigured("peba")
	if errors.Is(err, caddy.ErrNotConfigured) {
		return nil, caddy.APIError{
			HTTPStatus: http.StatusNotFound,
			Err:        errors.New("the running configuration does not use PEBA"),
		}
	}
	if err != nil {
		return nil, err
	}
	return app.(*App), app.(*App).wait(r.Context())
}

func infoOf(u store.User) UserInfo {
	kind := "legacy"
	if login.IsSalted(u.Hash) {
		kind = "argon2id"
	}
	return UserInfo{Name: u.Name, GetOnly: u.GetOnly, Community: u.Community, Email: u.Email, Hash: kind}
}

func checkUserName(name string) error {
	if name == "" || len(name) > maxUserName {
		return fmt.Errorf("user name has %d bytes: must have 1 to %d", len(name), maxUserName)
	}
	if name == "." || name == ".." || strings.Contains(name, ":") || strings.TrimSpace(name) != name {
		return fmt.Errorf("user name: got %q, must not be . or .., contain a colon, or begin or end with a blank", name)
	}
	return checkPrintable("user name", name)
}

func readChange(r *http.Request) (UserChange, error) {
	var change UserChange
	err := readBody(r, "user", &change)
	return change, err
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
		Err:        fmt.Errorf("method: got %s, must be %s", r.Method, allowed),
	}
}

// userError distinguishes an unknown user from a store that fails.
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
