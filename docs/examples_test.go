package docs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// examples has a Caddyfile for each module that can be configured. They are adapted and
// validated by the tests.
var examples = map[caddy.ModuleID]string{
	"peba": `{
	peba {
		store sqlite /var/lib/peba/alerts.db
		retention 14d
		cache memory 128MiB
		geoip builtin
		community our-sensors {env.PEBA_COMMUNITY_TOKEN}
		home 52.52 13.405
		bad_ip_window 1h
		max_alerts 500
		max_streams 2000 100
		list_private on
		private_domain hidden
		refresh 10s retrieveAlertsJson?topx=40 retrieveAlertStats?until=second
		feed_interval 1m
		feed blocklist {
			window 7d
			min_alerts 5
			min_sensors 2
			min_days 1
			not_types SSH/console(endlessh)
			tcp_only on
			domain both
			exclude /etc/peba/own-networks.txt
			exclude_scanners /etc/peba/scanners.txt
			not_country DE
			not_asn 64500
			rank score
			limit 30000
			aggregate v4 24 min 16
			aggregate v6 64 min 4
			duration 24h
			licence "CC BY 4.0"
			access token
		}
		feed ssh {
			types SSH/console(cowrie)
		}
	}
}

collector.example.org {
	peba
}
`,
	"peba.stores.sqlite": `{
	peba {
		store sqlite /var/lib/peba/alerts.db
	}
}

collector.example.org {
	peba
}
`,
	"peba.stores.elasticsearch": `{
	peba {
		store elasticsearch https://es1.example.org:9200 https://es2.example.org:9200 {
			user peba {env.PEBA_ELASTICSEARCH_PASSWORD}
			ca {env.CREDENTIALS_DIRECTORY}/ca.pem
			client_certificate {env.CREDENTIALS_DIRECTORY}/edge.pem {env.CREDENTIALS_DIRECTORY}/edge.key
			shards 2
			replicas 1
			timeout 20s
			index users peba-users
			spool /var/lib/peba/spool {
				max_size 50GiB
				reserve 2GiB
			}
		}
	}
}

collector.example.org {
	peba
}
`,
	"peba.caches.memory": `{
	peba {
		cache memory 256MiB
	}
}

collector.example.org {
	peba
}
`,
	"peba.caches.memcached": `{
	peba {
		cache memcached cache1.example.org cache2.example.org:11212 {
			timeout 50ms
			secret {env.PEBA_CACHE_SECRET}
		}
	}
}

collector.example.org {
	peba
}
`,
	"peba.geoip.builtin": `{
	peba {
		geoip builtin
	}
}

collector.example.org {
	peba
}
`,
	"peba.geoip.mmdb": `{
	peba {
		geoip mmdb {env.GEOIP_FOLDER}/GeoLite2-City.mmdb {env.GEOIP_FOLDER}/GeoLite2-ASN.mmdb
	}
}

collector.example.org {
	peba
}
`,
	"events.handlers.peba_notify": `{
	events {
		on new_cve peba_notify {env.PEBA_WEBHOOK}
	}
}

collector.example.org {
	peba
}
`,
	"http.handlers.peba": `collector.example.org {
	peba {
		frontend https://map.example.org
		max_body 64MiB
		without dashboard
	}
}
`,
	"http.handlers.peba_ingest": `collector.example.org {
	peba_ingest /ews-0.1/alert/postSimpleMessage {
		max_body 64MiB
	}
}
`,
	"http.handlers.peba_auth": `collector.example.org {
	handle /alert/retrieveIPs {
		peba_auth
		peba_query retrieveIPs
	}
}
`,
	"http.handlers.peba_feed_allow": `collector.example.org {
	handle /alert/feedAllow {
		peba_auth
		peba_feed_allow
	}
}
`,
	"http.handlers.peba_query": `collector.example.org {
	peba_query /alert/retrieveAlertsJson retrieveAlertsJson
}
`,
	"http.handlers.peba_stream": `collector.example.org {
	peba_stream /alert/stream
}
`,
	"http.handlers.peba_feeds": `collector.example.org {
	handle_path /feeds/* {
		peba_feeds
	}
}
`,
	"http.handlers.peba_taxii": `collector.example.org {
	handle_path /taxii2/* {
		peba_taxii
	}
}
`,
	"http.handlers.peba_misp": `collector.example.org {
	handle_path /misp/* {
		peba_misp
	}
}
`,
	"http.handlers.peba_crowdsec": `collector.example.org {
	handle_path /crowdsec/* {
		peba_crowdsec
	}
}
`,
	"http.handlers.peba_openapi": `collector.example.org {
	peba_openapi /alert/openapi.json {
		without ingest private
	}
}
`,
	"http.handlers.peba_heartbeat": `collector.example.org {
	peba_heartbeat /heartbeat
}
`,
	"http.handlers.peba_dashboard": `collector.example.org {
	handle_path /dashboard/* {
		peba_dashboard
	}
	peba /alert/*
}
`,
	"http.handlers.peba_client": `collector.example.org {
	peba_client
	rate_limit {
		zone per_client {
			key {peba.client_bucket}
			events 300
			window 10s
		}
	}
	peba
}
`,
	"http.handlers.peba_unhandled": `collector.example.org {
	peba_unhandled
	peba_ingest /sensors
}
`,
}

// setEnvironment sets what the examples take from the environment.
func setEnvironment(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"GeoLite2-City.mmdb", "GeoLite2-ASN.mmdb"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GEOIP_FOLDER", folder)
	t.Setenv("CREDENTIALS_DIRECTORY", folder)
	t.Setenv("PEBA_COMMUNITY_TOKEN", "community-token")
	t.Setenv("PEBA_ELASTICSEARCH_PASSWORD", "elasticsearch-password")
	t.Setenv("PEBA_CACHE_SECRET", "cache-secret")
	t.Setenv("PEBA_WEBHOOK", "https://hooks.example.org/peba")
}
