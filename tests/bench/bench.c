/* Figures: broker CPU per event and events a second, beside the sum of parts; receipt latency;
 * memory. bench [--quick] [--vehicles N] Ratios within one run are what counts: load generator and
 * broker share the machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

#define DEVICES 50

static const double start_lat = 31.2, start_lon = 121.4;

/* A Track of `fixes` fixes, 30 s apart, as terminal k's n-th segment. */
static uint8_t *track(struct world *w, struct signer *s, const char *plate, const char *terminal,
		      size_t n, size_t fixes, int64_t t0, size_t *len)
{
	Liandan__Track t = LIANDAN__TRACK__INIT;
	Liandan__TrackBase base = LIANDAN__TRACK_BASE__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	int32_t dt[64], dlat[64], dlon[64];

	e.body_case = LIANDAN__EVENT__BODY_TRACK;
	e.track = &t;
	t.plate = (char *)(uintptr_t)plate;
	t.terminal = (char *)(uintptr_t)terminal;
	t.base_fix = &base;
	base.t_gnss_ms = base.t_device_ms = t0 + (int64_t)(n * fixes) * 30000;
	base.lat_e7 = (int32_t)(start_lat * 1e7) + (int32_t)(n * fixes % 4000) * 1000;
	base.lon_e7 = (int32_t)(start_lon * 1e7);
	for (size_t i = 0; i + 1 < fixes; i++) {
		dt[i] = 30000;
		dlat[i] = 1000;
		dlon[i] = (int32_t)(i % 7) - 3;
	}
	if (fixes > 1) {
		t.dt_ms = dt;
		t.dlat_e7 = dlat;
		t.dlon_e7 = dlon;
		t.n_dt_ms = t.n_dlat_e7 = t.n_dlon_e7 = fixes - 1;
	}
	t.known = LIANDAN__TRACK_KNOWN__TRACK_KNOWN_ODOMETER;
	t.odometer_first_m = 100000 + (int64_t)(n * fixes) * 11;
	t.odometer_last_m = t.odometer_first_m + (int64_t)(fixes - 1) * 11;
	t.odometer_step_m = 1;
	t.attested_by = LIANDAN__ATTESTATION__ATTESTATION_TERMINAL;
	e.occurred_at_ms = base.t_gnss_ms;
	return world_seal(w, s, &e, len);
}

static void load_new(struct load *l, size_t n)
{
	l->n = n;
	l->bytes = calloc(n, sizeof *l->bytes);
	l->len = calloc(n, sizeof *l->len);
	l->from = calloc(n, sizeof *l->from);
	if (l->bytes == NULL || l->len == NULL || l->from == NULL)
		abort();
}

static void load_free(struct load *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->bytes[i]);
	free(l->bytes);
	free(l->len);
	free(l->from);
}

struct fleet {
	struct signer s[DEVICES];
	char plate[DEVICES][16], terminal[DEVICES][16];
	size_t sent;
};

static void fleet_new(struct world *w, struct fleet *f, const char *prefix, Liandan__Algorithm alg)
{
	memset(f, 0, sizeof *f);
	for (int i = 0; i < DEVICES; i++) {
		snprintf(f->plate[i], sizeof f->plate[i], "%s%03d", prefix, i);
		snprintf(f->terminal[i], sizeof f->terminal[i], "T%s%03d", prefix, i);
		signer_new(&f->s[i], "carrier", f->terminal[i], alg);
		world_vehicle(w, f->plate[i], "carrier", &f->s[i], f->terminal[i]);
	}
}

static void fleet_load(struct world *w, struct fleet *f, struct load *l, size_t n, size_t fixes,
		       int64_t t0)
{
	load_new(l, n);
	for (size_t i = 0; i < n; i++) {
		size_t d = i % DEVICES;

		l->bytes[i] = track(w, &f->s[d], f->plate[d], f->terminal[d], f->sent / DEVICES,
				    fixes, t0, &l->len[i]);
		l->from[i] = &f->s[d];
		f->sent++;
	}
}

static void custody_load(struct world *w, struct signer *clerk, struct load *l, size_t n,
			 size_t first)
{
	load_new(l, n);
	for (size_t i = 0; i < n; i++) {
		Liandan__WasteGenerated g = LIANDAN__WASTE_GENERATED__INIT;
		Liandan__Line line = LIANDAN__LINE__INIT;
		Liandan__Quantity q = LIANDAN__QUANTITY__INIT;
		Liandan__Event e = LIANDAN__EVENT__INIT;
		char batch[32], container[32];

		snprintf(batch, sizeof batch, "HWCS%08zu", first + i);
		snprintf(container, sizeof container, "C%08zu", first + i);
		e.body_case = LIANDAN__EVENT__BODY_WASTE_GENERATED;
		e.waste_generated = &g;
		g.batch = batch;
		g.container = container;
		g.site = (char *)"plant";
		g.facility = (char *)"line1";
		g.line = &line;
		line.line = 1;
		line.code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS;
		line.code = (char *)"900-041-49";
		line.hazards = 1;
		line.form = LIANDAN__FORM__FORM_SOLID;
		line.package = LIANDAN__PACKAGE__PACKAGE_DRUM;
		line.count = 1;
		line.quantity = &q;
		q.value_milli = 200000;
		q.unit = LIANDAN__UNIT__UNIT_KILOGRAM;
		q.mass_g = 200000;
		q.basis = LIANDAN__BASIS__BASIS_WEIGHED;
		g.started_ms = g.ended_ms = 1000000;
		g.operator_ = (char *)"op";
		g.destination = LIANDAN__DESTINATION__DESTINATION_STORE;
		l->bytes[i] = world_seal(w, clerk, &e, &l->len[i]);
		l->from[i] = clerk;
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void latency_line(const char *name, double *ms, size_t n)
{
	qsort(ms, n, sizeof *ms, by_value);
	printf("| %-34s | %8.2f | %8.2f |\n", name, ms[n / 2], ms[n * 99 / 100]);
	fflush(stdout);
}

static void one(struct world *w, struct broker *bare, struct broker *plugin, const char *name,
		struct load *l, bool grouped)
{
	struct run base, full;
	double verify = parts_verify_us(l), append = grouped ? parts_append_us(l) : 0, sum;

	broker_load(bare, w, l, 1, &base);
	broker_load(plugin, w, l, 1, &full);
	sum = base.cpu_us + verify + append;
	printf(
	    "| %-24s | %7.1f | %7.1f | %7.2f | %8.1f | %8.1f | %5.2f | %8.1f | %7.0f | %7.0f |\n",
	    name, base.cpu_us, verify, append, sum, full.cpu_us, full.cpu_us / sum, full.all_us,
	    base.per_s, full.per_s);
	fflush(stdout);
}

static void memory(size_t vehicles)
{
	struct world w;
	struct broker b;
	struct signer *s = calloc(vehicles, sizeof *s);
	struct load l;
	struct run r;
	long before, after;

	if (s == NULL)
		abort();
	world_new(&w);
	world_party(&w, "carrier", LIANDAN__ROLE__ROLE_CARRIER, LIANDAN__TIER__TIER_KEY);
	load_new(&l, vehicles);
	for (size_t i = 0; i < vehicles; i++) {
		char plate[24], terminal[24];

		snprintf(plate, sizeof plate, "P%06zu", i);
		snprintf(terminal, sizeof terminal, "T%06zu", i);
		signer_new(&s[i], "carrier", terminal, LIANDAN__ALGORITHM__ALGORITHM_P256);
		world_vehicle(&w, plate, "carrier", &s[i], terminal);
		l.bytes[i] = track(&w, &s[i], plate, terminal, 0, 1,
				   ld_region_now(w.region) - 60000, &l.len[i]);
		l.from[i] = &s[i];
	}
	ld_region_close(w.region);
	broker_start(&b, &w, true);
	before = broker_rss_kib(&b);
	broker_load(&b, &w, &l, 1, &r);
	after = broker_rss_kib(&b);
	printf("\nMemory with %zu vehicles: broker's anonymous RSS %.1f MiB before, %.1f MiB after "
	       "a track of each (%.0f "
	       "bytes a vehicle)\n",
	       vehicles, (double)before / 1024, (double)after / 1024,
	       (double)(after - before) * 1024 / (double)vehicles);
	broker_stop(&b);
	world_open(&w);
	world_free(&w);
	for (size_t i = 0; i < vehicles; i++)
		signer_free(&s[i]);
	free(s);
	load_free(&l);
}

int main(int argc, char **argv)
{
	bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
	size_t scale = quick ? 1 : 5, vehicles = quick ? 1000 : 10000, probes = quick ? 30 : 200;
	static struct fleet p256, ed25519, sm2;
	struct signer clerk;
	struct world w;
	struct broker bare, plugin;
	struct load l, bg;
	double *ms = calloc(probes, sizeof *ms);
	int64_t t0;

	if (ms == NULL)
		abort();
	world_new(&w);
	world_party(&w, "carrier", LIANDAN__ROLE__ROLE_CARRIER, LIANDAN__TIER__TIER_KEY);
	world_party(&w, "firm", LIANDAN__ROLE__ROLE_GENERATOR, LIANDAN__TIER__TIER_KEY);
	world_site(&w, "plant", "firm", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 31.0, 121.0, 300);
	fleet_new(&w, &p256, "P", LIANDAN__ALGORITHM__ALGORITHM_P256);
	fleet_new(&w, &ed25519, "E", LIANDAN__ALGORITHM__ALGORITHM_ED25519);
	fleet_new(&w, &sm2, "S", LIANDAN__ALGORITHM__ALGORITHM_SM2);
	signer_new(&clerk, "firm", "clerk", LIANDAN__ALGORITHM__ALGORITHM_P256);
	world_key(&w, &clerk, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "person1",
		  LIANDAN__ROLE__ROLE_GENERATOR);
	t0 = ld_region_now(w.region) - 10 * LD_DAY_MS;
	ld_region_close(w.region);
	w.region = NULL;

	broker_start(&bare, &w, false);
	broker_start(&plugin, &w, true);
	printf("CPU of the broker's thread, us per event; sum = bare + verify + append; all: with "
	       "the index thread.\n\n");
	printf("| events                   |    bare |  verify |  append |      sum |   plugin | "
	       "ratio |      all |  bare/s |  plug/s |\n");
	printf("|--------------------------|---------|---------|---------|----------|----------|---"
	       "----|----------|---------|---------|\n");
	fleet_load(&w, &p256, &l, 4000 * scale, 1, t0);
	one(&w, &bare, &plugin, "one-fix tracks, P-256", &l, true);
	load_free(&l);
	fleet_load(&w, &ed25519, &l, 3000 * scale, 1, t0);
	one(&w, &bare, &plugin, "one-fix tracks, Ed25519", &l, true);
	load_free(&l);
	fleet_load(&w, &sm2, &l, 1000 * scale, 1, t0);
	one(&w, &bare, &plugin, "one-fix tracks, SM2", &l, true);
	load_free(&l);
	fleet_load(&w, &p256, &l, 2000 * scale, 30, t0 + LD_DAY_MS);
	one(&w, &bare, &plugin, "30-fix tracks, P-256", &l, true);
	load_free(&l);
	custody_load(&w, &clerk, &l, 500 * scale, 0);
	one(&w, &bare, &plugin, "custody events, P-256", &l, false);
	load_free(&l);

	printf("\nReceipt latency, ms.\n\n| what                               |      p50 |      "
	       "p99 |\n"
	       "|------------------------------------|----------|----------|\n");
	custody_load(&w, &clerk, &l, probes, 1000000);
	broker_latency(&plugin, &w, &l, 20, NULL, ms);
	latency_line("custody event, idle broker", ms, probes);
	load_free(&l);
	p256.sent = 0;
	fleet_load(&w, &p256, &bg, 20000 * scale, 1, t0 + 2 * LD_DAY_MS);
	custody_load(&w, &clerk, &l, probes, 2000000);
	broker_latency(&plugin, &w, &l, 20, &bg, ms);
	latency_line("custody event, tracks at full rate", ms, probes);
	load_free(&l);
	load_free(&bg);

	broker_stop(&plugin);
	broker_stop(&bare);
	world_open(&w);
	world_free(&w);
	memory(vehicles);
	free(ms);
	return 0;
}
