package index

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/store"
)

// schema knows which types the fields of indices have. A range or a term is
// compared as text, without an error, where a field was mapped as text, and finds
// nothing where it is not mapped. So no search is answered before it is known
// that the fields it uses have the right types in every index.
//
// The type of a field never changes within an index: only a new index can be wrong.
// A search asks for the cluster state's id, while it runs, and nothing else as long
// as that has been looked at.
type schema struct {
	client  *cluster.Client
	layout  *layout
	logger  *zap.Logger
	view    atomic.Pointer[schemaView]
	loading chan struct{} // held by whoever reads a new view
	// faults are those that the last look after the indices found.
	faults atomic.Pointer[[]Fault]
	// told is when the log last named an index that is wrong; only look uses it.
	told map[string]time.Time
}

// schemaView is what one state of the cluster says of the open indices.
type schemaView struct {
	state   string // its id
	indices map[string]*indexFields
}

// indexFields are the fields of an index that have other types than ours.
type indexFields struct {
	uuid       string
	expression string // that searches name it with
	differ     map[string]fieldType
}

// fieldType is how an index maps a field.
type fieldType struct {
	name    string // such as text, or unmapped
	keyword bool   // whether there is a keyword below it
}

// Fault is a field that questions cannot be answered with.
type Fault struct{ Index, Field, Got, Want string }

// unmapped stands for the type of a field that an index has not.
const unmapped = "not mapped"

// Error names index, field and type.
func (f *Fault) Error() string {
	return fmt.Sprintf("index %s: field %s cannot be searched: got type %q, must be %s", f.Index, f.Field, f.Got, f.Want)
}

// Unwrap says that it passes when somebody repairs the index.
func (f *Fault) Unwrap() error { return store.ErrUnavailable }

// tellEvery is how often the log names an index that is wrong.
const tellEvery = time.Hour

func newSchema(c *cluster.Client, l *layout, logger *zap.Logger) *schema {
	return &schema{client: c, layout: l, logger: logger, loading: make(chan struct{}, 1), told: map[string]time.Time{}}
}

// verify returns a *Fault if an index that has documents has a used field with
// another type.
func (s *schema) verify(ctx context.Context, expression string, used map[string]use) error {
	state, err := s.stateID(ctx, "?local=true")
	if err != nil {
		return err
	}
	view := s.view.Load()
	if view == nil || view.state != state {
		if view, err = s.load(ctx, state); err != nil {
			return err
		}
	}
	faults, err := s.serious(ctx, view.wrong(s.layout, expression, used))
	if err != nil || len(faults) == 0 {
		return err
	}
	return fmt.Errorf("elasticsearch: %w", &faults[0])
}

// stateID returns what changes with each change of the cluster's state.
func (s *schema) stateID(ctx context.Context, options string) (string, error) {
	var found struct {
		ID string `json:"state_uuid"`
	}
	err := s.client.Do(ctx, http.MethodGet, "/_cluster/state/version"+options, nil, &found)
	if err == nil && found.ID == "" {
		err = fmt.Errorf("elasticsearch: state of the cluster: %w: no state_uuid", store.ErrUnavailable)
	}
	return found.ID, err
}

// load returns a view of the state seen, or a later one. It asks the master, and
// for the state first: what changes meanwhile is read again.
func (s *schema) load(ctx context.Context, seen string) (*schemaView, error) {
	select {
	case s.loading <- struct{}{}:
		defer func() { <-s.loading }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	last := s.view.Load()
	if last != nil && last.state == seen { // somebody else has read it
		return last, nil
	}
	state, err := s.stateID(ctx, "")
	if err != nil {
		return nil, err
	}
	view := &schemaView{state: state, indices: map[string]*indexFields{}}
	for _, expression := range slices.Sorted(maps.Keys(s.layout.fields)) {
		if err := s.list(ctx, expression, last, view); err != nil {
			return nil, err
		}
	}
	s.view.Store(view)
	return view, nil
}

// list adds the open indices of an expression to a view. What the last one says of
// an index without differences stays true.
func (s *schema) list(ctx context.Context, expression string, last, view *schemaView) error {
	var found map[string]struct {
		Settings struct {
			UUID string `json:"index.uuid"`
		} `json:"settings"`
	}
	const options = "/_settings/index.uuid?flat_settings=true&ignore_unavailable=true&expand_wildcards=open"
	if err := s.client.Do(ctx, http.MethodGet, "/"+expression+options, nil, &found); err != nil {
		return fmt.Errorf("listing indices: %w", err)
	}
	var unknown []string
	for name, one := range found {
		if last != nil {
			if known := last.indices[name]; known != nil && known.uuid == one.Settings.UUID && len(known.differ) == 0 {
				view.indices[name] = known
				continue
			}
		}
		view.indices[name] = &indexFields{uuid: one.Settings.UUID, expression: expression}
		unknown = append(unknown, name)
	}
	slices.Sort(unknown)
	const step = 50 // a URL is not endless
	for names := range slices.Chunk(unknown, step) {
		if err := s.readTypes(ctx, expression, names, view); err != nil {
			return err
		}
	}
	return nil
}

// readTypes reads the mappings of indices. One that is gone by now is left out.
func (s *schema) readTypes(ctx context.Context, expression string, names []string, view *schemaView) error {
	var found map[string]struct {
		Mappings struct {
			Properties map[string]struct {
				Type   string `json:"type"`
				Fields struct {
					Keyword struct {
						Type string `json:"type"`
					} `json:"keyword"`
				} `json:"fields"`
			} `json:"properties"`
		} `json:"mappings"`
	}
	path := "/" + strings.Join(names, ",") + "/_mapping?ignore_unavailable=true&filter_path=" + url.QueryEscape("*.mappings.properties.*.type,*.mappings.properties.*.fields.keyword.type")
	if err := s.client.Do(ctx, http.MethodGet, path, nil, &found); err != nil {
		return fmt.Errorf("reading mappings: %w", err)
	}
	for _, name := range names {
		differ := map[string]fieldType{}
		for field, want := range s.layout.fields[expression] {
			got := found[name].Mappings.Properties[field]
			switch got.Type {
			case want:
			case "":
				differ[field] = fieldType{name: unmapped}
			default:
				differ[field] = fieldType{name: got.Type, keyword: got.Fields.Keyword.Type == "keyword"}
			}
		}
		view.indices[name].differ = differ
	}
	return nil
}

// wrong returns the fields of an expression's indices that cannot be used in that
// way, by index.
func (v *schemaView) wrong(l *layout, expression string, used map[string]use) (faults []Fault) {
	for _, name := range slices.Sorted(maps.Keys(v.indices)) {
		index := v.indices[name]
		if index.expression != expression || len(index.differ) == 0 {
			continue
		}
		fields := slices.SortedFunc(maps.Keys(used), func(a, b string) int {
			return cmp.Or(cmp.Compare(used[b], used[a]), strings.Compare(a, b)) // what matters most first
		})
		for _, field := range fields {
			got, differs := index.differ[field]
			if want := l.fields[expression][field]; differs && !used[field].takes(want, got) {
				faults = append(faults, Fault{Index: name, Field: field, Got: got.name, Want: want})
			}
		}
	}
	return faults
}

// faults returns all fields that some question cannot be answered with.
func (v *schemaView) faults(l *layout) (faults []Fault) {
	for _, expression := range slices.Sorted(maps.Keys(l.needed)) {
		faults = append(faults, v.wrong(l, expression, l.needed[expression])...)
	}
	return faults
}

// serious returns the faults of indices that have documents: others cannot make
// an answer wrong.
func (s *schema) serious(ctx context.Context, faults []Fault) (those []Fault, err error) {
	has := make(map[string]bool)
	for _, f := range faults {
		if _, asked := has[f.Index]; !asked {
			if has[f.Index], err = s.hasDocuments(ctx, f.Index); err != nil {
				return nil, err
			}
		}
		if has[f.Index] {
			those = append(those, f)
		}
	}
	return those, nil
}

// hasDocuments tells whether a search could find something in the index.
func (s *schema) hasDocuments(ctx context.Context, index string) (bool, error) {
	var a cluster.Answer
	path := "/" + index + "/_search?ignore_unavailable=true&size=0&track_total_hits=1&allow_partial_search_results=false"
	if err := s.client.Do(ctx, http.MethodGet, path, nil, &a); err != nil {
		return false, err
	}
	return a.Hits.Total.Value > 0, a.Whole()
}

// look reads what has changed, tells the log of indices that are wrong, and returns
// the names of all that are open.
func (s *schema) look(ctx context.Context, now time.Time) (names []string, err error) {
	view, err := s.load(ctx, "")
	if err != nil {
		return nil, err
	}
	faults, err := s.serious(ctx, view.faults(s.layout))
	if err != nil {
		return nil, err
	}
	s.faults.Store(&faults)
	maps.DeleteFunc(s.told, func(_ string, at time.Time) bool { return now.Sub(at) >= tellEvery })
	for _, f := range faults {
		if _, told := s.told[f.Index]; !told {
			s.told[f.Index] = now
			s.logger.Error("an index has fields that cannot be searched: questions about them get 503, and an index without dates is never retired; `caddy peba check` shows how to repair it",
				zap.String("index", f.Index), zap.String("field", f.Field), zap.String("type", f.Got), zap.String("expected", f.Want))
		}
	}
	return slices.Sorted(maps.Keys(view.indices)), nil
}

// known returns the faults that the last look found.
func (s *schema) known() []Fault {
	if faults := s.faults.Load(); faults != nil {
		return *faults
	}
	return nil
}
