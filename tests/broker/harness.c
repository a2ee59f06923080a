
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/digest.h"
#include "tests/broker/internal.h"

#define START_MS 15000

int64_t harness_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void sleep_ms(long ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

/* ---- certificates ---- */

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	REQUIRE(ext != NULL);
	X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
}

/* issuer NULL: self-signed, an authority for certificates. */
static X509 *make_cert(EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *issuer_key)
{
	static long serial = 1;
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 24 * 3600);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
				   -1, 0);
	X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject);
	REQUIRE(X509_set_pubkey(cert, key) == 1);
	if (issuer)
		add_extension(cert, issuer, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
	else
		add_extension(cert, cert, NID_basic_constraints, "critical,CA:TRUE");
	REQUIRE(X509_sign(cert, issuer_key, EVP_sha256()) > 0);
	return cert;
}

static void write_pem(const char *path, X509 *cert, EVP_PKEY *key)
{
	FILE *f = fopen(path, "we");

	REQUIRE(f != NULL);
	if (cert)
		REQUIRE(PEM_write_X509(f, cert) == 1);
	if (key)
		REQUIRE(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1);
	fclose(f);
}

static void make_authority(struct harness *h)
{
	char path[128];
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert;

	h->ca_key = EVP_EC_gen("P-256");
	REQUIRE(key != NULL && h->ca_key != NULL);
	h->ca = make_cert(h->ca_key, "test ca", NULL, h->ca_key);
	cert = make_cert(key, "127.0.0.1", h->ca, h->ca_key);
	snprintf(path, sizeof path, "%s/ca.crt", h->dir);
	write_pem(path, h->ca, NULL);
	snprintf(path, sizeof path, "%s/server.crt", h->dir);
	write_pem(path, cert, NULL);
	snprintf(path, sizeof path, "%s/server.key", h->dir);
	write_pem(path, NULL, key);
	X509_free(cert);
	EVP_PKEY_free(key);
}

void harness_cert(struct harness *h, const struct signer *s, char *path, size_t cap)
{
	EVP_PKEY *key = ld_key_pkey(s->key);
	X509 *cert;

	snprintf(path, cap, "%s/%02x%02x%02x%02x.pem", h->dir, ld_key_id(s->key)[0],
		 ld_key_id(s->key)[1], ld_key_id(s->key)[2], ld_key_id(s->key)[3]);
	if (access(path, R_OK) == 0)
		return;
	cert = make_cert(key, s->device, h->ca, h->ca_key);
	write_pem(path, cert, key);
	X509_free(cert);
}

/* ---- the broker ---- */

void harness_new(struct harness *h)
{
	memset(h, 0, sizeof *h);
	mosquitto_lib_init();
	world_new(&h->world);
	memcpy(h->ledger_id, ld_region_ledger_id(h->world.region), sizeof h->ledger_id);
	snprintf(h->vkey, sizeof h->vkey, "%s", ld_region_vkey(h->world.region));
	snprintf(h->dir, sizeof h->dir, "/tmp/liandan-broker-XXXXXX");
	REQUIRE(mkdtemp(h->dir) != NULL);
	make_authority(h);
}

/* A port that was free a moment ago. */
static int free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	REQUIRE(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0);
	REQUIRE(getsockname(fd, (struct sockaddr *)&a, &len) == 0);
	close(fd);
	return ntohs(a.sin_port);
}

static bool listens(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				.sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = connect(fd, (struct sockaddr *)&a, sizeof a) == 0;

	close(fd);
	return ok;
}

/* What deploy/ ships, as far as it matters here. */
static void write_config(struct harness *h)
{
	const char *plugin = getenv("LIANDAN_PLUGIN");
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/mosquitto.conf", h->dir);
	f = fopen(path, "we");
	REQUIRE(f != NULL);
	fprintf(f,
		"per_listener_settings false\nallow_anonymous false\npersistence "
		"false\nset_tcp_nodelay true\n"
		"max_packet_size 262144\nmax_queued_messages 100000\nmax_queued_bytes 268435456\n"
		"max_inflight_messages 100\nlog_type all\nlog_dest file %s/log\nuser root\n%s\n",
		h->dir, h->settings);
	for (int i = 0; i < 2; i++)
		fprintf(
		    f,
		    "listener %d 127.0.0.1\nmax_qos %d\ncafile %s/ca.crt\ncertfile %s/server.crt\n"
		    "keyfile %s/server.key\nrequire_certificate %s\n",
		    i ? h->token_port : h->port, h->max_qos ? h->max_qos : 1, h->dir, h->dir,
		    h->dir, i ? "false" : "true");
	fprintf(f, "plugin %s\nplugin_opt_ledger_dir %s\n%s\n", plugin ? plugin : LD_PLUGIN_PATH,
		h->world.dir, h->options);
	fclose(f);
}

static void run_broker(const char *conf, const char *err_path, bool preload)
{
	const char *broker = getenv("LIANDAN_BROKER");
	int fd = open(err_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	dup2(fd, 1);
	dup2(fd, 2);
	if (preload && LD_PRELOAD_LIBRARY[0]) {
		setenv("LD_PRELOAD", LD_PRELOAD_LIBRARY, 1);
		setenv("ASAN_OPTIONS", "detect_leaks=0:abort_on_error=1", 0);
	}
	broker = broker ? broker : LD_BROKER_PATH;
	execl(broker, broker, "-c", conf, (char *)NULL);
	_exit(127);
}

/* The child dies with us, however we end. */
static pid_t spawn(struct harness *h, const char *name, bool preload)
{
	char conf[128], err[128];
	pid_t parent = getpid(), pid;

	snprintf(conf, sizeof conf, "%s/%s.conf", h->dir, name);
	snprintf(err, sizeof err, "%s/%s.err", h->dir, name);
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	run_broker(conf, err, preload);
	return 0;
}

static char *read_file(const char *dir, const char *name)
{
	char path[128], *text = calloc(1, 1);
	size_t len = 0, n;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "re");
	while (f) {
		text = realloc(text, len + 4097);
		n = fread(text + len, 1, 4096, f);
		len += n;
		text[len] = 0;
		if (n == 0)
			break;
	}
	if (f)
		fclose(f);
	return text;
}

char *harness_log(struct harness *h)
{
	return read_file(h->dir, "log");
}

static void show_log(struct harness *h)
{
	char *log = harness_log(h), *err = read_file(h->dir, "mosquitto.err");

	fprintf(stderr, "---- broker's log\n%s---- and standard error\n%s----\n", log, err);
	free(log);
	free(err);
}

/* It listens before it minds signals: only what it logs last says that it is up. */
static bool runs(struct harness *h)
{
	char *log = harness_log(h);
	bool up = log != NULL && strstr(log, " running") != NULL;

	free(log);
	return up;
}

void harness_start(struct harness *h)
{
	int64_t until = harness_now_ms() + START_MS;
	int status;

	ld_region_close(h->world.region);
	h->world.region = NULL;
	h->port = free_port();
	h->token_port = free_port();
	write_config(h);
	h->broker = spawn(h, "mosquitto", true);
	while (!listens(h->port) || !listens(h->token_port) || !runs(h)) {
		bool gone = waitpid(h->broker, &status, WNOHANG) != 0;
		if (gone || harness_now_ms() > until)
			show_log(h);
		REQUIRE(!gone);
		REQUIRE(harness_now_ms() <= until);
		sleep_ms(20);
	}
}

int harness_start_fails(struct harness *h, char **log)
{
	int64_t until = harness_now_ms() + START_MS;
	int status;
	pid_t pid;

	ld_region_close(h->world.region);
	h->world.region = NULL;
	h->port = free_port();
	h->token_port = free_port();
	write_config(h);
	pid = spawn(h, "mosquitto", true);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (harness_now_ms() > until)
			kill(pid, SIGKILL);
		sleep_ms(10);
	}
	*log = harness_log(h);
	REQUIRE(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int end(pid_t *pid, int sig)
{
	int status = 0;

	if (!*pid)
		return 0;
	kill(*pid, sig);
	REQUIRE(waitpid(*pid, &status, 0) == *pid);
	*pid = 0;
	return status;
}

int harness_neighbour(struct harness *h)
{
	int64_t until = harness_now_ms() + START_MS;
	int port = free_port();
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/neighbour.conf", h->dir);
	f = fopen(path, "we");
	REQUIRE(f != NULL);
	fprintf(f, "listener %d 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\n",
		port);
	fclose(f);
	h->neighbour = spawn(h, "neighbour", false);
	while (!listens(port)) {
		REQUIRE(harness_now_ms() <= until);
		sleep_ms(20);
	}
	return port;
}

void harness_stop(struct harness *h)
{
	int status = end(&h->broker, SIGTERM);

	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		show_log(h);
	REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void harness_kill(struct harness *h)
{
	end(&h->broker, SIGKILL);
}

void harness_reload(struct harness *h)
{
	kill(h->broker, SIGHUP);
	sleep_ms(400);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

void harness_free(struct harness *h)
{
	if (getenv("LD_TEST_VERBOSE"))
		show_log(h);
	end(&h->neighbour, SIGTERM);
	harness_stop(h);
	world_free(&h->world);
	X509_free(h->ca);
	EVP_PKEY_free(h->ca_key);
	free(h->sent);
	nftw(h->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	mosquitto_lib_cleanup();
}

/* ---- events ---- */

uint8_t *harness_seal(struct harness *h, struct signer *s, Liandan__Event *e,
		      struct signer *const *cosigners, size_t n, size_t *len)
{
	struct ld_key *keys[1 + LD_MAX_COSIGNERS] = {s->key};
	struct ld_gate_fault fault = {0};
	uint8_t *bytes = NULL;
	enum ld_err err;

	REQUIRE(n <= LD_MAX_COSIGNERS);
	for (size_t i = 0; i < n; i++)
		keys[i + 1] = cosigners[i]->key;
	e->ledger_id = (ProtobufCBinaryData){.len = LD_HASH_BYTES, .data = h->ledger_id};
	e->region = (char *)(uintptr_t) "testing";
	e->epoch = s->epoch;
	e->seq = ++s->seq;
	e->prev = (ProtobufCBinaryData){.len = LD_HASH_BYTES, .data = s->prev};
	if (!e->clock)
		e->clock = LIANDAN__CLOCK__CLOCK_NTP;
	if (!e->occurred_at_ms)
		e->occurred_at_ms = harness_now_ms();
	err = ld_seal(e, keys, n + 1, &bytes, len, h->sent_hash, &fault);
	if (err != LD_OK)
		fprintf(stderr, "seal: %s: %s %s\n", ld_err_text(err), fault.field,
			fault.what ? fault.what : "");
	REQUIRE(err == LD_OK);
	memcpy(s->prev, h->sent_hash, LD_HASH_BYTES);
	free(h->sent);
	h->sent = malloc(*len);
	REQUIRE(h->sent != NULL);
	memcpy(h->sent, bytes, *len);
	h->sent_len = *len;
	return bytes;
}

static Liandan__Receipt *unpack_for(const struct message *m, const uint8_t hash[LD_HASH_BYTES])
{
	Liandan__Receipt *r = liandan__receipt__unpack(NULL, m->len, m->payload);

	if (r && (r->payload_hash.len != LD_HASH_BYTES ||
		  memcmp(r->payload_hash.data, hash, LD_HASH_BYTES) != 0)) {
		liandan__receipt__free_unpacked(r, NULL);
		r = NULL;
	}
	return r;
}

static Liandan__Receipt *wait_receipt(struct client *c, const struct signer *s,
				      const uint8_t *bytes, size_t len)
{
	int64_t until = harness_now_ms() + HARNESS_WAIT_MS;
	uint8_t hash[LD_HASH_BYTES];
	Liandan__Receipt *r = NULL;
	char topic[256];

	ld_sha256(bytes, len, hash);
	snprintf(topic, sizeof topic, HARNESS_ROOT "r/%s/%s", s->party, s->device);
	while (!r && harness_now_ms() < until) {
		struct message *m = client_take(c, topic, (int)(until - harness_now_ms()));
		if (!m)
			break;
		r = unpack_for(m, hash);
		message_free(m);
	}
	return r;
}

Liandan__Receipt *harness_send_bytes(struct harness *h, struct client *c, const struct signer *s,
				     const uint8_t *bytes, size_t len)
{
	char topic[256];

	(void)h;
	snprintf(topic, sizeof topic, HARNESS_ROOT "i/%s/%s", s->party, s->device);
	client_publish(c, topic, bytes, len, 1, false, NULL);
	return wait_receipt(c, s, bytes, len);
}

Liandan__Receipt *harness_send(struct harness *h, struct client *c, struct signer *s,
			       Liandan__Event *e)
{
	size_t len;
	uint8_t *bytes = harness_seal(h, s, e, NULL, 0, &len);
	Liandan__Receipt *r = harness_send_bytes(h, c, s, bytes, len);

	free(bytes);
	return r;
}

uint64_t harness_expect(struct harness *h, struct client *c, struct signer *s, Liandan__Event *e,
			Liandan__Verdict verdict, Liandan__Reason reason)
{
	Liandan__Receipt *r = harness_send(h, c, s, e);
	uint64_t index;

	if (!r)
		show_log(h);
	REQUIRE(r != NULL);
	if (r->verdict != verdict || r->reason != reason)
		fprintf(stderr, "verdict %d reason %d: %s\n", (int)r->verdict, (int)r->reason,
			r->details);
	REQUIRE(r->verdict == verdict && r->reason == reason);
	if (verdict == LIANDAN__VERDICT__ACCEPTED || verdict == LIANDAN__VERDICT__HELD ||
	    verdict == LIANDAN__VERDICT__REFUSED)
		REQUIRE(harness_verify(h, r, h->sent, h->sent_len));
	index = r->index;
	liandan__receipt__free_unpacked(r, NULL);
	return index;
}

/* ledger.proto, Receipt.entry: the leaf is rebuilt from the receipt and the bytes that were sent.
 */
static void leaf_of(const Liandan__Receipt *r, const uint8_t *bytes, size_t len,
		    struct ld_hash *leaf)
{
	Liandan__Entry e = LIANDAN__ENTRY__INIT;
	uint8_t *packed;
	size_t n;

	if (r->entry.len) {
		ld_merkle_leaf(r->entry.data, r->entry.len, leaf);
		return;
	}
	e.recorded_at_ms = r->recorded_at_ms;
	e.verdict = r->verdict;
	e.reason = r->reason;
	e.n_violations = r->n_violations;
	e.violations = r->violations;
	e.content_case = LIANDAN__ENTRY__CONTENT_ENVELOPE;
	e.envelope = (ProtobufCBinaryData){.len = len, .data = (uint8_t *)(uintptr_t)bytes};
	e.detail = r->details;
	packed = malloc(liandan__entry__get_packed_size(&e));
	REQUIRE(packed != NULL);
	n = liandan__entry__pack(&e, packed);
	ld_merkle_leaf(packed, n, leaf);
	free(packed);
}

bool harness_verify(struct harness *h, const Liandan__Receipt *r, const uint8_t *bytes, size_t len)
{
	struct ld_note_key key = {0};
	struct ld_checkpoint cp;
	struct ld_hash leaf;
	uint64_t index = 0;
	bool ok;

	REQUIRE(ld_note_vkey_parse(h->vkey, &key) == LD_OK);
	leaf_of(r, bytes, len, &leaf);
	ok = ld_tlog_proof_verify(r->tlog_proof, strlen(r->tlog_proof), &key, &leaf, &index, &cp) ==
	     LD_OK;
	EVP_PKEY_free(key.pkey);
	return ok && index == (r->applied_index ? r->applied_index : r->index) && cp.size > index;
}

char *harness_token(struct harness *h, const struct signer *s, const char *client_id,
		    int64_t not_before_ms, int64_t expires_ms)
{
	Liandan__Token t = LIANDAN__TOKEN__INIT;
	char *text = NULL;

	t.ledger_id = (ProtobufCBinaryData){.len = LD_HASH_BYTES, .data = h->ledger_id};
	t.key_id = (ProtobufCBinaryData){.len = LD_KEY_ID_BYTES,
					 .data = (uint8_t *)(uintptr_t)ld_key_id(s->key)};
	t.client_id = (char *)(uintptr_t)client_id;
	t.not_before_ms = not_before_ms;
	t.expires_ms = expires_ms;
	REQUIRE(ld_token_seal(&t, s->key, &text) == LD_OK);
	return text;
}
