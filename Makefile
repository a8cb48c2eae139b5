# Everyday targets; see CONTRIBUTING.md. make help shows the texts after ##.

GOLANGCI_LINT = go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
EXAMPLE = Caddyfile.example

.PHONY: help run check test lint lint-page cross vulncheck generate build bench torture fuzz screenshot

help: ## lists the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 14

# Caddy with PEBA on http://localhost:8080, without any other server. By default it listens
# on this machine only and accepts the login of every stock T-Pot.
run: export PEBA_BIND ?= 127.0.0.1
run: export PEBA_COMMUNITY_USER ?= community-01-user
run: export PEBA_COMMUNITY_TOKEN ?= foth{a5maiCee8fineu7
run: ## serves PEBA on http://localhost:8080
	@echo "Building; then PEBA serves http://localhost:8080 until you press Ctrl-C: open it in a browser."
	@echo "In a second terminal:"
	@echo "  go run ./cmd/peba peba simulate http://localhost:8080               # simulates sensors"
	@echo "  curl http://localhost:8080/alert/retrieveAlertStats                # counts their alerts"
	@echo "  go run ./cmd/peba peba user add NAME                               # a user for private pages and questions"
	go run ./cmd/peba run --config $(EXAMPLE) $(RUN_FLAGS)

# The inner ring: vet, linters, and the tests that need Go and Node only. Tests of the
# outer ring skip under -short (internal/rings), which nothing else passes.
check: lint lint-page ## vet, linters, and all tests that need Go and Node only, in a minute
	go test -short -vet=off ./...
	node --test --test-reporter=dot dashboard/test/*.test.js

# Everything a change must pass, on a fresh clone. Never from Go's test cache: it does not
# see that ./integration builds and starts the binary. The last line is the short version of
# the ledger. It takes about seven minutes, runs alone, and needs root or passwordless sudo.
test: ## everything, with servers, Chromium and the race detector; as root
	.ci/dependencies
	$(MAKE) lint lint-page
	go test -race -count 1 -timeout 60m $$(go list ./... | grep -v /integration/torture)
	go test -count 1 -timeout 30m ./integration/torture

lint: ## go vet and golangci-lint
	.ci/tools go
	go vet ./...
	$(GOLANGCI_LINT) run ./...

# The dashboard's modules: types by TypeScript, faults by eslint. Needs only Node.
lint-page: ## types and linter of the dashboard's modules
	.ci/page
	npm run --prefix dashboard --silent types
	npm run --prefix dashboard --silent lint

# Everything compiles, tests included, where CI runs no tests or only some.
cross: ## vets all packages for Windows, macOS and FreeBSD
	GOOS=windows go vet ./...
	GOOS=darwin go vet ./...
	GOOS=freebsd go vet ./...

vulncheck: ## known vulnerabilities of dependencies that our code reaches
	go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...

# All generated files: docs/API.md, docs/modules, docs/METRICS.md, the example's routes,
# and the tests' golden files. Their tests have the flag -update; check git diff afterwards.
generate: ## writes API.md, docs/modules, METRICS.md and golden files from the code
	go test $$(grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -n 1 dirname | sort -u) -update

# ./caddy, the release binary, from xcaddy.json.
build: ## ./caddy, the release binary, with xcaddy
	CGO_ENABLED=0 go -C tools/build run . "$(CURDIR)/xcaddy.json"

# Benchmarks report ratios to a ceiling measured in the same run. The questions'
# store has a million alerts. For ten million (3 GB in TMPDIR, ten minutes), with the
# times of each question and the filled stores kept in a folder for the next run:
#   PEBA_BENCH_ALERTS=10000000 PEBA_BENCH_FOLDER=FOLDER \
#     go test -run '^$$' -bench Questions -benchtime 1x -timeout 60m -v ./store/sqlite
bench: ## benchmarks, as ratios against a ceiling of the same run
	go test -run '^$$' -bench . -benchtime 2s -timeout 60m ./...

# The long version of the ledger (about two hours), which writes the table of
# docs/RELIABILITY.md. Then the tests that crash the stores and the cluster, many
# times. Needs root or passwordless sudo.
torture: ## the long version of docs/RELIABILITY.md, two hours, as root
	.ci/dependencies
	go test -v -count 1 -timeout 5h ./integration/torture -long -table "$(CURDIR)/docs/RELIABILITY.md"
	PEBA_TORTURE=25 go test -count 1 -timeout 90m -run 'Crash|Outage|NodeKill' ./integration ./store/sqlite ./spool

# Each fuzz target for a minute.
fuzz: ## each fuzz target for a minute
	go test -run '^$$' -fuzz FuzzDecode -fuzztime 60s -fuzzminimizetime 10x ./alert
	go test -run '^$$' -fuzz FuzzUnquote -fuzztime 60s -fuzzminimizetime 10x ./alert
	go test -run '^$$' -fuzz FuzzDecodeFrame -fuzztime 60s -fuzzminimizetime 10x ./esclient/sender
	go test -run '^$$' -fuzz FuzzScanAlerts -fuzztime 60s -fuzzminimizetime 10x ./esclient/search/hits

# The README's screenshot: the page after six minutes of alerts, so that its counters
# look like those of a running server.
screenshot: ## the README's screenshot
	.ci/dashboard
	PEBA_SCREENSHOTS_AFTER=360 go test -count 1 -timeout 20m -run TestDashboard/screenshots ./integration
	cp dashboard/test/screenshots/live-desktop-dark.webp docs/dashboard.webp
