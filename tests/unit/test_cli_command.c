/* The command on a ledger directory, offline: made, loaded, read, proven, audited; and what was
 * tampered with is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "deploy/cli/cli.h"
#include "proto/base64.h"
#include "proto/gate.h"
#include "tests/unit/cli_fixture.h"

struct rig {
	char dir[64];
	char out[1 << 20]; /* stdout of the last command */
};

/* Runs one command; a path argument "@name" becomes <dir>/name. */
static int run(struct rig *r, const char *const *words)
{
	char text[16][200], *argv[17], path[128];
	struct ld_cli cli = {false, false};
	int argc = 0;
	for (; words[argc]; argc++) {
		if (words[argc][0] == '@')
			snprintf(text[argc], sizeof(text[argc]), "%s/%s", r->dir, words[argc] + 1);
		else
			snprintf(text[argc], sizeof(text[argc]), "%s", words[argc]);
		argv[argc] = text[argc];
	}
	argv[argc] = NULL;
	const struct ld_command *command = ld_command_find(ld_commands, argv[0]);
	assert_non_null(command);
	snprintf(path, sizeof(path), "%s/stdout", r->dir);
	fflush(stdout);
	int saved = dup(STDOUT_FILENO);
	assert_non_null(freopen(path, "w", stdout));
	int code = command->run(&cli, argc, argv);
	fflush(stdout);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	close(saved);
	FILE *f = fopen(path, "r");
	size_t n = fread(r->out, 1, sizeof(r->out) - 1, f);
	r->out[n] = '\0';
	fclose(f);
	return code;
}
#define RUN(r, ...) run(r, (const char *const[]){__VA_ARGS__, NULL})

static void write_file(struct rig *r, const char *name, const char *text)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const char *value(struct rig *r, const char *name)
{
	static char out[8192];
	cJSON *o = cJSON_Parse(r->out);
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
	snprintf(out, sizeof(out), "%s", text ? text : "");
	cJSON_Delete(o);
	return out;
}

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	snprintf(r->dir, sizeof(r->dir), "/tmp/liandan-cli-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	assert_int_equal(RUN(r, "region", "init", "@l", "--region", "suzhou"), LD_EXIT_DONE);
	write_file(r, "registry.json",
		   "{\"label\":\"c\",\"party_registered\":{\"party\":\"chemco\",\"name\":"
		   "\"化工厂\",\"roles\":1,"
		   "\"from_ms\":1}}\n"
		   "\n"
		   "{\"after\":[\"$c\"],\"party_registered\":{\"party\":\"haoyun\",\"name\":"
		   "\"好运\",\"roles\":2,"
		   "\"from_ms\":1}}\n");
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;
	char line[128];
	snprintf(line, sizeof(line), "rm -rf %s", r->dir);
	assert_int_equal(system(line), 0);
	free(r);
	return 0;
}

static void a_ledger_is_made_once(void **state)
{
	struct rig *r = *state;
	struct stat st;
	char path[128];
	assert_int_equal(RUN(r, "region", "init", "@l", "--region", "suzhou"), LD_EXIT_FAILED);
	snprintf(path, sizeof(path), "%s/l/ledger.key", r->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(path, sizeof(path), "%s/l/keys/bureau-registry.pem", r->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(RUN(r, "ledger", "head", "@l", "--json"), LD_EXIT_DONE);
	assert_string_equal(value(r, "size"), "1");
	assert_string_equal(value(r, "profile"), "CN");
}

static void each_algorithm_can_be_the_authoritys(void **state)
{
	struct rig *r = *state;
	static const char *const names[] = {"p256", "ed25519", "sm2"};
	for (size_t i = 0; i < 3; i++) {
		char dir[16];
		snprintf(dir, sizeof(dir), "@a%zu", i);
		assert_int_equal(RUN(r, "region", "init", dir, "--region", "x", "--demo",
				     "--algorithm", names[i], "--authority", "b/k"),
				 LD_EXIT_DONE);
		assert_int_equal(RUN(r, "region", "load", dir, "@registry.json"), LD_EXIT_DONE);
		assert_int_equal(RUN(r, "ledger", "audit", dir), LD_EXIT_DONE);
	}
	assert_int_equal(RUN(r, "region", "init", "@b", "--region", "x", "--algorithm", "rsa"),
			 LD_EXIT_USAGE);
	assert_int_equal(RUN(r, "region", "init", "@b", "--region", "a/b"), LD_EXIT_USAGE);
}

static void the_registry_is_loaded_and_audited(void **state)
{
	struct rig *r = *state;
	assert_int_equal(RUN(r, "region", "load", "@l", "@registry.json"), LD_EXIT_DONE);
	assert_int_equal(RUN(r, "ledger", "audit", "@l", "--json"), LD_EXIT_DONE);
	assert_string_equal(value(r, "size"), "3");
	assert_string_equal(value(r, "signatures"), "2");
	assert_int_equal(RUN(r, "ledger", "replay", "@l", "--json"), LD_EXIT_DONE);
	assert_string_equal(value(r, "against"), "state directory");
	assert_string_equal(value(r, "entries"), "3");
	assert_int_equal(RUN(r, "ledger", "show", "@l", "1", "--json"), LD_EXIT_DONE);
	assert_string_equal(value(r, "body"), "party_registered");
	assert_int_equal(RUN(r, "ledger", "show", "@l", "3"), LD_EXIT_FAILED);
	assert_int_equal(RUN(r, "ledger", "list", "@l", "--from", "2", "--json"), LD_EXIT_DONE);
	assert_string_equal(value(r, "index"), "2");
}

static void a_refusal_is_told_and_the_rest_goes_on(void **state)
{
	struct rig *r = *state;
	write_file(
	    r, "v.json",
	    "[{\"vehicle_registered\":{\"plate\":\"A1\",\"party\":\"nobody\",\"kind\":\"VEHICLE_"
	    "KIND_TRUCK\"}},"
	    "{\"party_registered\":{\"party\":\"z\",\"name\":\"z\",\"roles\":1,\"from_ms\":1}}]");
	assert_int_equal(RUN(r, "region", "load", "@l", "@v.json"), LD_EXIT_REFUSED);
	assert_non_null(strstr(r->out, "UNKNOWN_PARTY"));
	assert_non_null(strstr(r->out, "单位未登记"));
	assert_int_equal(RUN(r, "ledger", "head", "@l", "--json"), LD_EXIT_DONE);
	assert_string_equal(value(r, "size"), "3");
}

static void a_typo_stops_everything_before_it_begins(void **state)
{
	struct rig *r = *state;
	static const char *const wrong[] = {
	    "{\"party_registered\":{\"party\":\"a\",\"name\":\"a\",\"roles\":1,\"from_ms\":1}}\n"
	    "{\"party_registered\":{\"pary\":\"b\"}}\n",
	    "{\"after\":[\"$nobody\"],\"party_registered\":{\"party\":\"a\",\"name\":\"a\","
	    "\"roles\":1}}",
	    "{\"label\":\"x\"}",
	    "[1]",
	    "not json",
	    "[{\"party_registered\":{}}",
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		write_file(r, "wrong.json", wrong[i]);
		assert_int_equal(RUN(r, "region", "load", "@l", "@wrong.json"), LD_EXIT_FAILED);
	}
	assert_int_equal(RUN(r, "region", "load", "@l", "@absent.json"), LD_EXIT_FAILED);
	assert_int_equal(RUN(r, "ledger", "head", "@l", "--json"), LD_EXIT_DONE);
	assert_string_equal(value(r, "size"), "1");
}

static void a_proof_needs_no_ledger_and_shows_every_change(void **state)
{
	struct rig *r = *state;
	char path[128], vkey[LD_NOTE_VKEY_BYTES];
	assert_int_equal(RUN(r, "region", "load", "@l", "@registry.json"), LD_EXIT_DONE);
	assert_int_equal(RUN(r, "ledger", "head", "@l", "--json"), LD_EXIT_DONE);
	snprintf(vkey, sizeof(vkey), "%s", value(r, "vkey"));
	assert_int_equal(RUN(r, "ledger", "prove", "@l", "2", "--out", "@p.json"), LD_EXIT_DONE);
	assert_int_equal(RUN(r, "ledger", "verify", "@p.json", "--vkey", vkey), LD_EXIT_DONE);
	assert_int_equal(RUN(r, "ledger", "verify", "@p.json", "--ledger", "@l"), LD_EXIT_DONE);
	assert_int_equal(RUN(r, "ledger", "verify", "@p.json"), LD_EXIT_USAGE);
	/* another ledger's key */
	assert_int_equal(RUN(r, "region", "init", "@other", "--region", "suzhou"), LD_EXIT_DONE);
	assert_int_equal(RUN(r, "ledger", "verify", "@p.json", "--ledger", "@other"),
			 LD_EXIT_REFUSED);
	/* another leaf */
	snprintf(path, sizeof(path), "%s/p.json", r->dir);
	char why[128], *text;
	size_t len;
	assert_int_equal(ld_file_read(path, &text, &len, why, sizeof(why)), LD_OK);
	cJSON *o = cJSON_Parse(text);
	free(text);
	cJSON_ReplaceItemInObjectCaseSensitive(o, "entry", cJSON_CreateString("AAAA"));
	text = cJSON_Print(o);
	write_file(r, "p.json", text);
	cJSON_free(text);
	cJSON_Delete(o);
	assert_int_equal(RUN(r, "ledger", "verify", "@p.json", "--vkey", vkey), LD_EXIT_REFUSED);
	assert_int_equal(RUN(r, "ledger", "prove", "@l", "3"), LD_EXIT_FAILED);
}

/* One bit of one entry, somewhere in the file: the audit says which entry. */
static void a_changed_entry_is_found(void **state)
{
	struct rig *r = *state;
	char path[128], why[128], *data;
	size_t len, hits = 0;
	assert_int_equal(RUN(r, "region", "load", "@l", "@registry.json"), LD_EXIT_DONE);
	snprintf(path, sizeof(path), "%s/l/core/data.mdb", r->dir);
	assert_int_equal(ld_file_read(path, &data, &len, why, sizeof(why)), LD_OK);
	FILE *f = fopen(path, "r+");
	assert_non_null(f);
	/* every copy of the name: LMDB leaves old pages behind */
	for (size_t i = 0; i + 6 < len; i++)
		if (memcmp(data + i, "chemco", 6) == 0) {
			fseek(f, (long)i, SEEK_SET);
			fputc('C', f);
			hits++;
		}
	fclose(f);
	free(data);
	assert_true(hits > 0);
	assert_int_equal(RUN(r, "ledger", "audit", "@l"), LD_EXIT_FAILED);
}

static void a_trace_of_nothing_says_so(void **state)
{
	struct rig *r = *state;
	assert_int_equal(RUN(r, "trace", "018f3b6c0a7d7c3e9a5b2f4e6d8c1a0b", "--dir", "@l"),
			 LD_EXIT_FAILED);
	assert_int_equal(RUN(r, "trace", "20263205000001", "--dir", "@l"), LD_EXIT_FAILED);
	assert_int_equal(RUN(r, "trace", "x"), LD_EXIT_USAGE);
}

static void every_command_has_help_with_an_example(void **state)
{
	struct rig *r = *state;
	for (const struct ld_command *c = ld_commands; c->name; c++) {
		if (!c->help)
			continue; /* brings its own */
		assert_int_equal(RUN(r, c->name, "--help"), LD_EXIT_DONE);
		assert_non_null(strstr(r->out, "example:"));
		assert_non_null(strstr(r->out, "usage:"));
	}
}

static void no_command_prints_a_secret(void **state)
{
	struct rig *r = *state;
	assert_int_equal(RUN(r, "key", "new", "@k.pem"), LD_EXIT_DONE);
	assert_null(strstr(r->out, "PRIVATE"));
	assert_int_equal(RUN(r, "key", "show", "@k.pem", "--json"), LD_EXIT_DONE);
	assert_null(strstr(r->out, "PRIVATE"));
	assert_int_equal(strlen(value(r, "key_id")), 2 * LD_KEY_ID_BYTES);
	assert_int_equal(RUN(r, "token", "--key", "@k.pem", "--client", "a/b", "--ledger", "@l"),
			 LD_EXIT_DONE);
	assert_int_equal(RUN(r, "token", "--key", "@k.pem", "--client", "a/b", "--ledger", "@l",
			     "--minutes", "11"),
			 LD_EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_ledger_is_made_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(each_algorithm_can_be_the_authoritys, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_registry_is_loaded_and_audited, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_refusal_is_told_and_the_rest_goes_on, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(a_typo_stops_everything_before_it_begins, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(a_proof_needs_no_ledger_and_shows_every_change, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(a_changed_entry_is_found, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_trace_of_nothing_says_so, setup, teardown),
	    cmocka_unit_test_setup_teardown(every_command_has_help_with_an_example, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(no_command_prints_a_secret, setup, teardown),
	};
	if (ld_gate_init() != LD_OK)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	ld_gate_cleanup();
	return failed;
}
