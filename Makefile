# The targets of daily work; CONTRIBUTING.md tells more.

GOLANGCI_LINT = go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
EXAMPLE = Caddyfile.example

.PHONY: run test lint build bench torture fuzz screenshot

# Caddy with PEBA on http://localhost:8080, no other server needed. It listens on
# this machine only, with the log-in of every stock T-Pot, unless told otherwise.
run: export PEBA_BIND ?= 127.0.0.1
run: export PEBA_COMMUNITY_USER ?= community-01-user
run: export PEBA_COMMUNITY_TOKEN ?= foth{a5maiCee8fineu7
run:
	@echo "Building; then PEBA serves http://localhost:8080 until you press Ctrl-C: open it in a browser."
	@echo "In a second terminal:"
	@echo "  go run ./cmd/peba peba simulate http://localhost:8080               # simulates sensors"
	@echo "  curl http://localhost:8080/alert/retrieveAlertStats                # counts their alerts"
	@echo "  go run ./cmd/peba peba user add NAME                               # a user for private pages and questions"
	go run ./cmd/peba run --config $(EXAMPLE)

# Everything a change must pass, on a fresh clone. Never from Go's cache of results:
# it does not see that ./integration builds and starts the binary.
test: lint
	.ci/dependencies
	go test -race -count 1 -timeout 60m $$(go list ./... | grep -v /integration/torture)

lint:
	go vet ./...
	$(GOLANGCI_LINT) run ./...

# ./caddy, the release binary, from xcaddy.json.
build:
	CGO_ENABLED=0 go -C tools/build run . "$(CURDIR)/xcaddy.json"

# Speed, as ratios against a ceiling measured in the same run. The questions'
# store has a million alerts; for ten (3 GB in TMPDIR, ten minutes) and each
# question's times, with the filled stores kept in a folder for the next time:
#   PEBA_BENCH_ALERTS=10000000 PEBA_BENCH_FOLDER=FOLDER \
#     go test -run '^$$' -bench Questions -benchtime 1x -timeout 60m -v ./store/sqlite
bench:
	go test -run '^$$' -bench . -benchtime 2s -timeout 60m ./...

# The long version of the ledger, about two hours, which writes the table of
# docs/RELIABILITY.md; then the tests that crash the stores and the cluster, many
# times over. As root, or where sudo asks for no password.
torture:
	.ci/dependencies
	go test -v -count 1 -timeout 5h ./integration/torture -long -table "$(CURDIR)/docs/RELIABILITY.md"
	PEBA_TORTURE=25 go test -count 1 -timeout 90m -run 'Crash|Outage|NodeKill' ./integration ./store/sqlite ./spool

# Each fuzz target for a minute.
fuzz:
	go test -run '^$$' -fuzz FuzzDecode -fuzztime 60s -fuzzminimizetime 10x ./alert
	go test -run '^$$' -fuzz FuzzUnquote -fuzztime 60s -fuzzminimizetime 10x ./alert
	go test -run '^$$' -fuzz FuzzDecodeFrame -fuzztime 60s -fuzzminimizetime 10x ./esclient
	go test -run '^$$' -fuzz FuzzScanAlerts -fuzztime 60s -fuzzminimizetime 10x ./esclient

# The README's picture: the page after sensors have sent for six minutes, so that
# its counters look like those of a server that has run for a while.
screenshot:
	.ci/dashboard
	PEBA_SCREENSHOTS_AFTER=360 go test -count 1 -timeout 20m -run TestDashboard/screenshots ./integration
	cp dashboard/test/screenshots/live-desktop-dark.webp docs/dashboard.webp
