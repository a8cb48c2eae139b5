package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/peba-edge/peba/store"
)

const (
	// DamagedPath is the path of the spool's damaged files: GET lists them.
	DamagedPath = "/peba/spool/damaged"
	// SalvagePath is the path for salvaging: POST a SalvageRequest for one
	// file.
	SalvagePath = "/peba/spool/salvage"
)

// SalvageRequest is the body of a POST that salvages a file.
type SalvageRequest struct {
	File   string `json:"file"` // a name in the spool's folder, or a path on the server
	DryRun bool   `json:"dry_run,omitempty"`
	Remove bool   `json:"remove,omitempty"`
}

func (api *AdminAPI) serveSpool(w http.ResponseWriter, r *http.Request) error {
	app, err := api.running(r)
	if err != nil {
		return err
	}
	return serveSpool(w, r, app.store)
}

// serveSpool answers requests about the damaged files of a store's spool.
func serveSpool(w http.ResponseWriter, r *http.Request, s store.Store) error {
	salvager, ok := s.(store.Salvager)
	if !ok {
		return caddy.APIError{
			HTTPStatus: http.StatusNotFound,
			Err:        errors.New("this store has no spool (`store elasticsearch` has one)"),
		}
	}
	switch strings.TrimSuffix(r.URL.Path, "/") {
	case DamagedPath:
		if r.Method != http.MethodGet {
			return methodNotAllowed(r, "GET")
		}
		files, err := salvager.DamagedFiles()
		if err != nil {
			return apiError(err)
		}
		return writeJSON(w, append([]store.DamagedFile{}, files...))
	case SalvagePath:
		if r.Method != http.MethodPost {
			return methodNotAllowed(r, "POST")
		}
		return salvageOne(w, r, salvager)
	default:
		return caddy.APIError{HTTPStatus: http.StatusNotFound, Err: fmt.Errorf("path: got %q, must be %s or %s", r.URL.Path, DamagedPath, SalvagePath)}
	}
}

func salvageOne(w http.ResponseWriter, r *http.Request, salvager store.Salvager) error {
	var request SalvageRequest
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return badRequest(fmt.Errorf("reading the request: %w", err))
	}
	if request.File == "" {
		return badRequest(errors.New("file is missing: must be a name in the spool's folder, or a path"))
	}
	result, err := salvager.Salvage(r.Context(), request.File, request.DryRun, request.Remove)
	if err != nil {
		return apiError(err)
	}
	return writeJSON(w, result)
}
