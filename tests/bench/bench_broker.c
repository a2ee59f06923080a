#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/broker/harness.h"

#define WINDOW 200 /* unacknowledged publishes of one connection */

static int free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		abort();
	close(fd);
	return ntohs(a.sin_port);
}

static void wait_open(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				.sin_port = htons((uint16_t)port)};

	for (int i = 0; i < 600; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		int rc = connect(fd, (struct sockaddr *)&a, sizeof a);

		close(fd);
		if (rc == 0)
			return;
		usleep(50000);
	}
	fprintf(stderr, "the broker did not start\n");
	abort();
}

void broker_start(struct broker *b, const struct world *w, bool with_plugin)
{
	char path[128];
	FILE *f;

	memset(b, 0, sizeof *b);
	snprintf(b->dir, sizeof b->dir, "/tmp/liandan-bench-XXXXXX");
	if (mkdtemp(b->dir) == NULL)
		abort();
	b->port = free_port();
	snprintf(path, sizeof path, "%s/mosquitto.conf", b->dir);
	f = fopen(path, "w");
	if (f == NULL)
		abort();
	fprintf(f,
		"listener %d 127.0.0.1\nper_listener_settings false\npersistence false\nmax_qos 1\n"
		"set_tcp_nodelay true\nmax_packet_size 262144\nmax_queued_messages 100000\n"
		"max_queued_bytes 268435456\nmax_inflight_messages 0\nlog_type error\nlog_dest "
		"file %s/log\nuser %s\n",
		b->port, b->dir, getuid() == 0 ? "root" : "mosquitto");
	if (with_plugin)
		fprintf(f, "plugin %s\nplugin_opt_ledger_dir %s\nplugin_opt_custody_per_s 100000\n",
			LD_PLUGIN_PATH, w->dir);
	else
		fprintf(f, "allow_anonymous true\n");
	fclose(f);
	b->pid = fork();
	if (b->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(LD_BROKER_PATH, "mosquitto", "-c", path, (char *)NULL);
		_exit(127);
	}
	wait_open(b->port);
}

void broker_stop(struct broker *b)
{
	char command[128];

	kill(b->pid, SIGTERM);
	waitpid(b->pid, NULL, 0);
	snprintf(command, sizeof command, "rm -r '%s'", b->dir);
	if (system(command) != 0)
		fprintf(stderr, "left %s\n", b->dir);
}

/* Nanoseconds on a CPU, from the scheduler's own books (schedstat), one thread or all of them. */
double broker_cpu_s(const struct broker *b, bool all_threads)
{
	char path[64];
	double total = 0;
	struct dirent *d;
	DIR *tasks;

	snprintf(path, sizeof path, "/proc/%d/task", b->pid);
	tasks = opendir(path);
	while (tasks != NULL && (d = readdir(tasks)) != NULL) {
		unsigned long long ns = 0;
		char *end;
		long tid = strtol(d->d_name, &end, 10);
		FILE *f;

		if (*end != '\0' || tid <= 0 || (!all_threads && tid != b->pid))
			continue;
		snprintf(path, sizeof path, "/proc/%d/task/%ld/schedstat", b->pid, tid);
		f = fopen(path, "r");
		if (f != NULL && fscanf(f, "%llu", &ns) == 1)
			total += (double)ns / 1e9;
		if (f != NULL)
			fclose(f);
	}
	if (tasks != NULL)
		closedir(tasks);
	return total;
}

long broker_rss_kib(const struct broker *b)
{
	char path[64], line[256];
	long kib = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", b->pid);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "RssAnon: %ld", &kib) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return kib;
}

char *bench_token(const struct world *w)
{
	Liandan__Token t = LIANDAN__TOKEN__INIT;
	char client[160], *text = NULL;

	snprintf(client, sizeof client, "%s/%s", w->authority.party, w->authority.device);
	t.ledger_id.data = (uint8_t *)(uintptr_t)w->ledger_id;
	t.ledger_id.len = LD_HASH_BYTES;
	t.key_id.data = (uint8_t *)(uintptr_t)ld_key_id(w->authority.key);
	t.key_id.len = LD_KEY_ID_BYTES;
	t.client_id = client;
	t.not_before_ms = harness_now_ms() - 60000;
	t.expires_ms = t.not_before_ms + 540000;
	if (ld_token_seal(&t, w->authority.key, &text) != LD_OK)
		abort();
	return text;
}

struct conn {
	struct mosquitto *m;
	bool up;
	size_t sent, acked;
	double receipt_at;
};

static void on_connect(struct mosquitto *m, void *ctx, int rc)
{
	(void)m;
	((struct conn *)ctx)->up = rc == 0;
}

static void on_publish(struct mosquitto *m, void *ctx, int mid)
{
	(void)m, (void)mid;
	((struct conn *)ctx)->acked++;
}

static void on_message(struct mosquitto *m, void *ctx, const struct mosquitto_message *msg)
{
	(void)m, (void)msg;
	((struct conn *)ctx)->receipt_at = bench_wall_s();
}

static void conn_open(struct conn *c, const struct broker *b, const struct world *w,
		      const struct signer *as, int k)
{
	char id[160];
	char *token = NULL;
	struct world own = *w;

	memset(c, 0, sizeof *c);
	own.authority = *as;
	snprintf(id, sizeof id, k == 0 ? "%s/%s" : "%s/%s", as->party, as->device);
	c->m = mosquitto_new(id, true, c);
	if (c->m == NULL)
		abort();
	token = bench_token(&own);
	mosquitto_username_pw_set(c->m, id, token);
	free(token);
	mosquitto_connect_callback_set(c->m, on_connect);
	mosquitto_publish_callback_set(c->m, on_publish);
	mosquitto_message_callback_set(c->m, on_message);
	mosquitto_int_option(c->m, MOSQ_OPT_TCP_NODELAY, 1);
	mosquitto_int_option(c->m, MOSQ_OPT_SEND_MAXIMUM, 65535);
	mosquitto_max_inflight_messages_set(c->m, WINDOW);
	if (mosquitto_connect(c->m, "127.0.0.1", b->port, 120) != MOSQ_ERR_SUCCESS)
		abort();
	for (int i = 0; i < 200 && !c->up; i++)
		mosquitto_loop(c->m, 20, 1);
	if (!c->up) {
		fprintf(stderr, "cannot connect as %s\n", id);
		abort();
	}
}

static void conn_close(struct conn *c)
{
	mosquitto_disconnect(c->m);
	mosquitto_loop(c->m, 20, 1);
	mosquitto_destroy(c->m);
}

static void publish(struct conn *c, const struct load *l, size_t i)
{
	char topic[256];

	snprintf(topic, sizeof topic, "waste/v1/testing/i/%s/%s", l->from[i]->party,
		 l->from[i]->device);
	if (mosquitto_publish(c->m, NULL, topic, (int)l->len[i], l->bytes[i], 1, false) !=
	    MOSQ_ERR_SUCCESS)
		abort();
	c->sent++;
}

void broker_load(struct broker *b, const struct world *w, const struct load *l, int connections,
		 struct run *out)
{
	struct conn c;
	double cpu, all, wall;
	size_t i = 0;

	(void)connections;
	conn_open(&c, b, w, &w->authority, 0);
	cpu = broker_cpu_s(b, false);
	all = broker_cpu_s(b, true);
	wall = bench_wall_s();
	while (c.acked < l->n) {
		while (i < l->n && c.sent - c.acked < WINDOW)
			publish(&c, l, i++);
		if (mosquitto_loop(c.m, 100, 1) != MOSQ_ERR_SUCCESS) {
			fprintf(stderr, "connection lost after %zu of %zu\n", c.acked, l->n);
			abort();
		}
	}
	out->per_s = (double)l->n / (bench_wall_s() - wall);
	usleep(300000); /* the last group commits and its receipts go out */
	out->cpu_us = (broker_cpu_s(b, false) - cpu) * 1e6 / (double)l->n;
	out->all_us = (broker_cpu_s(b, true) - all) * 1e6 / (double)l->n;
	conn_close(&c);
}

void broker_latency(struct broker *b, const struct world *w, const struct load *l, int pause_ms,
		    const struct load *background, double *ms)
{
	struct conn c, bg;
	char filter[256];
	size_t j = 0;

	conn_open(&c, b, w, l->from[0], 1);
	if (background != NULL)
		conn_open(&bg, b, w, &w->authority, 0);
	snprintf(filter, sizeof filter, "waste/v1/testing/r/%s/%s", l->from[0]->party,
		 l->from[0]->device);
	mosquitto_subscribe(c.m, NULL, filter, 1);
	for (int i = 0; i < 10; i++)
		mosquitto_loop(c.m, 20, 1);
	for (size_t i = 0; i < l->n; i++) {
		double began = bench_wall_s();

		c.receipt_at = 0;
		publish(&c, l, i);
		while (c.receipt_at == 0 && bench_wall_s() - began < 5) {
			mosquitto_loop(c.m, background != NULL ? 0 : 5, 1);
			if (background != NULL) {
				for (int k = 0;
				     k < 8 && j < background->n && bg.sent - bg.acked < 32; k++)
					publish(&bg, background, j++);
				mosquitto_loop(bg.m, 1, 1);
			}
		}
		ms[i] = c.receipt_at == 0 ? 5000 : (c.receipt_at - began) * 1e3;
		for (double until = bench_wall_s() + pause_ms / 1e3; bench_wall_s() < until;) {
			mosquitto_loop(c.m, 1, 1);
			for (int k = 0; background != NULL && k < 8 && j < background->n &&
					bg.sent - bg.acked < 32;
			     k++)
				publish(&bg, background, j++);
			if (background != NULL)
				mosquitto_loop(bg.m, 1, 1);
		}
	}
	conn_close(&c);
	if (background != NULL)
		conn_close(&bg);
}
