/* Options, names, numbers, ids and the public facts of a ledger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deploy/cli/cli.h"
#include "deploy/cli/net.h"
#include "deploy/cli/signer.h"
#include "tests/unit/cli_fixture.h"

static const struct ld_command command = {"test", NULL, "a test", "help\n"};

struct taken {
	bool flag;
	const char *text;
	int64_t number;
	struct ld_list list;
};

static bool take(int *argc, char **argv, struct taken *t, int *code, struct ld_cli *cli)
{
	memset(t, 0, sizeof(*t));
	const struct ld_opt opts[] = {{"flag", LD_OPT_FLAG, &t->flag},
				      {"text", LD_OPT_TEXT, &t->text},
				      {"number", LD_OPT_INT, &t->number},
				      {"list", LD_OPT_LIST, &t->list},
				      {NULL, LD_OPT_FLAG, NULL}};
	return ld_options(cli, &command, opts, argc, argv, code);
}

static void options_stand_anywhere(void **state)
{
	(void)state;
	struct ld_cli cli = {false, false};
	struct taken t;
	int code = 0, argc = 9;
	char *argv[] = {"test", "one", "--flag", "--text=a=b", "--number",
			"7",	"two", "--json", "--list=x",   NULL};
	assert_true(take(&argc, argv, &t, &code, &cli));
	assert_int_equal(argc, 3);
	assert_string_equal(argv[1], "one");
	assert_string_equal(argv[2], "two");
	assert_true(t.flag && cli.json);
	assert_string_equal(t.text, "a=b");
	assert_int_equal(t.number, 7);
	assert_int_equal(t.list.n, 1);
}

static void what_is_wrong_is_a_usage_error(void **state)
{
	(void)state;
	static char *const wrong[][3] = {{"--nosuch", NULL, NULL},
					 {"--text", NULL, NULL},
					 {"--number", "x", NULL},
					 {"--number", "-1", NULL},
					 {"--flag=1", NULL, NULL},
					 {"-x", NULL, NULL},
					 {"--number", "99999999999999999999", NULL}};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct ld_cli cli = {false, false};
		struct taken t;
		char *argv[] = {"test", wrong[i][0], wrong[i][1], NULL};
		int code = 0, argc = wrong[i][1] ? 3 : 2;
		assert_false(take(&argc, argv, &t, &code, &cli));
		assert_int_equal(code, LD_EXIT_USAGE);
	}
}

static void a_dash_and_what_follows_two_are_arguments(void **state)
{
	(void)state;
	struct ld_cli cli = {false, false};
	struct taken t;
	int code = 0, argc = 5;
	char *argv[] = {"test", "-", "--", "--flag", "-x", NULL};
	assert_true(take(&argc, argv, &t, &code, &cli));
	assert_int_equal(argc, 4);
	assert_false(t.flag);
	assert_string_equal(argv[2], "--flag");
}

static void a_list_has_an_end(void **state)
{
	(void)state;
	struct ld_cli cli = {false, false};
	struct taken t;
	char *argv[LD_CLI_LIST_MAX + 3];
	argv[0] = "test";
	for (int i = 1; i <= LD_CLI_LIST_MAX + 1; i++)
		argv[i] = "--list=x";
	argv[LD_CLI_LIST_MAX + 2] = NULL;
	int code = 0, argc = LD_CLI_LIST_MAX + 1;
	assert_true(take(&argc, argv, &t, &code, &cli));
	argc = LD_CLI_LIST_MAX + 2;
	for (int i = 1; i <= LD_CLI_LIST_MAX + 1; i++)
		argv[i] = "--list=x";
	assert_false(take(&argc, argv, &t, &code, &cli));
	assert_int_equal(code, LD_EXIT_USAGE);
}

static void client_names(void **state)
{
	(void)state;
	char party[LD_MAX_ID_BYTES + 1], device[LD_MAX_ID_BYTES + 1], text[200];
	assert_true(ld_client_name("chemco/office", party, device));
	assert_string_equal(party, "chemco");
	assert_string_equal(device, "office");
	static const char *const wrong[] = {"",	    "a",   "/a",   "a/",    "a/b/c",
					    "$a/b", "a/+", "a#/b", "a/b\n", "a\x7f/b"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(ld_client_name(wrong[i], party, device));
	/* limit - 1, limit, limit + 1 */
	for (int n = LD_MAX_ID_BYTES - 1; n <= LD_MAX_ID_BYTES + 1; n++) {
		memset(text, 'x', sizeof(text));
		memcpy(text + n, "/d", 3);
		assert_int_equal(ld_client_name(text, party, device), n <= LD_MAX_ID_BYTES);
	}
}

static void numbers(void **state)
{
	(void)state;
	uint64_t n;
	assert_true(ld_parse_u64("0", &n) && n == 0);
	assert_true(ld_parse_u64("18446744073709551615", &n) && n == UINT64_MAX);
	assert_false(ld_parse_u64("18446744073709551616", &n));
	assert_false(ld_parse_u64("", &n) || ld_parse_u64("+1", &n) || ld_parse_u64(" 1", &n) ||
		     ld_parse_u64("1x", &n));
}

static void ids_are_uuidv7_and_ascend(void **state)
{
	(void)state;
	uint8_t a[LD_UUID_BYTES], b[LD_UUID_BYTES];
	ld_uuid7(a);
	ld_uuid7(b);
	assert_int_equal(a[6] >> 4, 7);
	assert_int_equal(a[8] >> 6, 2);
	assert_true(memcmp(a, b, 6) <= 0);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void the_chain_is_read_from_the_brokers_answer(void **state)
{
	(void)state;
	static const char *const wrong[] = {
	    "",
	    "{}",
	    "{\"epoch\":0,\"last_seq\":\"1\"}",
	    "{\"epoch\":0,\"last_seq\":\"-1\",\"prev\":\"00\"}",
	    "{\"epoch\":4294967296,\"last_seq\":1,\"prev\":\"%s\"}",
	    "{\"epoch\":0,\"last_seq\":1.5e300,\"prev\":\"%s\"}",
	};
	struct ld_signer s;
	char hex[65], text[256];
	memset(&s, 0, sizeof(s));
	memset(hex, 'a', 64);
	hex[64] = '\0';
	snprintf(text, sizeof(text),
		 "{\"epoch\":2,\"last_seq\":\"17\",\"next_seq\":\"18\",\"prev\":\"%s\"}", hex);
	assert_int_equal(ld_signer_at(&s, text, strlen(text)), LD_OK);
	assert_int_equal(s.epoch, 2);
	assert_int_equal(s.seq, 17);
	assert_int_equal(s.prev[31], 0xaa);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		size_t at = 0;
		for (const char *p = wrong[i]; *p; p++) {
			if (strncmp(p, "%s", 2) == 0) {
				memcpy(text + at, hex, 64);
				at += 64;
				p++;
			} else {
				text[at++] = *p;
			}
		}
		assert_int_equal(ld_signer_at(&s, text, at), LD_ERR_MALFORMED);
	}
	assert_int_equal(s.seq, 17); /* untouched */
}

static void a_chain_is_contiguous(void **state)
{
	(void)state;
	struct ld_signer s;
	size_t len;
	uint8_t hash[LD_HASH_BYTES], *bytes;
	assert_int_equal(ld_gate_init(), LD_OK);
	cli_signer(&s);
	bytes = cli_event(&s, 1, &len, hash);
	assert_int_equal(s.seq, 1);
	assert_memory_equal(s.prev, hash, LD_HASH_BYTES);
	free(bytes);
	/* what cannot be sealed does not move it */
	Liandan__Event empty = LIANDAN__EVENT__INIT;
	struct ld_gate_fault fault;
	assert_int_not_equal(ld_signer_seal(&s, &empty, NULL, 0, &bytes, &len, NULL, &fault),
			     LD_OK);
	assert_int_equal(s.seq, 1);
	assert_memory_equal(s.prev, hash, LD_HASH_BYTES);
	ld_key_free(s.key);
}

static void a_ledgers_facts_are_written_and_read(void **state)
{
	(void)state;
	char dir[] = "/tmp/liandan-facts-XXXXXX", path[64], why[256];
	struct ld_ledger_id id, back;
	memset(&id, 0, sizeof(id));
	snprintf(id.region, sizeof(id.region), "suzhou");
	snprintf(id.vkey, sizeof(id.vkey), "liandan/suzhou/main+00000000+AAAA");
	memset(id.ledger_id, 0x5a, LD_HASH_BYTES);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/region.json", dir);
	assert_int_equal(ld_ledger_id_write(path, &id, "CN", why, sizeof(why)), LD_OK);
	assert_int_equal(ld_ledger_id_read(path, NULL, NULL, &back, why, sizeof(why)), LD_OK);
	assert_memory_equal(&id, &back, sizeof(id));
	assert_int_equal(ld_ledger_id_read(dir, NULL, NULL, &back, why, sizeof(why)), LD_OK);
	assert_memory_equal(&id, &back, sizeof(id));
	char hex[65];
	memset(hex, '5', 64);
	hex[64] = '\0';
	assert_int_equal(ld_ledger_id_read(hex, "r", "v", &back, why, sizeof(why)), LD_OK);
	assert_string_equal(back.region, "r");
	assert_int_not_equal(ld_ledger_id_read("/nowhere", NULL, NULL, &back, why, sizeof(why)),
			     LD_OK);
	assert_int_equal(ld_ledger_id_read(hex, "a/b", NULL, &back, why, sizeof(why)), LD_ERR_ARG);
	cli_remove(dir);
}

static void a_private_key_that_others_may_read_is_refused(void **state)
{
	(void)state;
	char dir[] = "/tmp/liandan-key-XXXXXX", path[64], why[512], command_line[128];
	struct ld_key *key = NULL, *back = NULL;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/k.pem", dir);
	assert_int_equal(ld_key_new_file(path, ld_algorithm_of("sm2"), &key, why, sizeof(why)),
			 LD_OK);
	assert_int_equal(ld_key_file(path, &back, why, sizeof(why)), LD_OK);
	assert_memory_equal(ld_key_id(key), ld_key_id(back), LD_KEY_ID_BYTES);
	ld_key_free(back);
	ld_key_free(key);
	key = NULL;
	assert_int_equal(ld_key_new_file(path, ld_algorithm_of("p256"), &key, why, sizeof(why)),
			 LD_ERR_EXISTS);
	ld_key_free(key);
	snprintf(command_line, sizeof(command_line), "chmod 644 %s", path);
	assert_int_equal(system(command_line), 0);
	assert_int_equal(ld_key_file(path, &back, why, sizeof(why)), LD_ERR_KEY);
	assert_int_equal(ld_algorithm_of("rsa"), LIANDAN__ALGORITHM__ALGORITHM_UNSPECIFIED);
	cli_remove(dir);
}

static void what_others_wrote_cannot_move_the_cursor(void **state)
{
	(void)state;
	char out[8];
	assert_string_equal(ld_printable("a\033[2Jb", out, sizeof(out)), "a?[2Jb");
	assert_string_equal(ld_printable("0123456789", out, sizeof(out)), "0123456");
	assert_string_equal(ld_printable(NULL, out, sizeof(out)), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(options_stand_anywhere),
	    cmocka_unit_test(what_is_wrong_is_a_usage_error),
	    cmocka_unit_test(a_dash_and_what_follows_two_are_arguments),
	    cmocka_unit_test(a_list_has_an_end),
	    cmocka_unit_test(client_names),
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(ids_are_uuidv7_and_ascend),
	    cmocka_unit_test(the_chain_is_read_from_the_brokers_answer),
	    cmocka_unit_test(a_chain_is_contiguous),
	    cmocka_unit_test(a_ledgers_facts_are_written_and_read),
	    cmocka_unit_test(a_private_key_that_others_may_read_is_refused),
	    cmocka_unit_test(what_others_wrote_cannot_move_the_cursor),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	ld_gate_cleanup();
	return failed;
}
