/* What the benchmark's parts share. CPU is the broker's own (utime + stime of its process); wall
 * time is shared with the load generator on the same cores, so only ratios within one run mean
 * anything. */
#ifndef LD_TESTS_BENCH_H
#define LD_TESTS_BENCH_H

#include "tests/support/world.h"

struct load { /* sealed envelopes, in sending order */
	uint8_t **bytes;
	size_t *len;
	const struct signer **from;
	size_t n;
};

struct run {
	double cpu_us; /* CPU of the broker's thread per event */
	double all_us; /* of the whole process: with the index thread */
	double per_s;  /* events a second, wall */
};

struct broker {
	int pid;
	int port;
	char dir[64];
};

double bench_cpu_s(void); /* of this process */
double bench_wall_s(void);

/* bench_broker.c. world's region must be closed while a plugin broker has it. */
void broker_start(struct broker *b, const struct world *w, bool with_plugin);
void broker_stop(struct broker *b);
double broker_cpu_s(const struct broker *b, bool all_threads);
long broker_rss_kib(const struct broker *b);
/* Publishes everything QoS 1 over `connections` plain connections, waits for every PUBACK. */
void broker_load(struct broker *b, const struct world *w, const struct load *l, int connections,
		 struct run *out);
/* Publish to receipt, in ms, for each envelope of `l`, one at a time, `pause_ms` apart; background:
 * publishes that load meanwhile (may be NULL). ms has room for l->n. */
void broker_latency(struct broker *b, const struct world *w, const struct load *l, int pause_ms,
		    const struct load *background, double *ms);
/* Broker's password for any connection: a token of the authority's key. malloc'd. */
char *bench_token(const struct world *w);

/* bench_parts.c: what the parts cost in this process, CPU in us per event. */
double parts_verify_us(const struct load *l);
double parts_append_us(const struct load *l);

#endif
