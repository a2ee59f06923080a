/* form: the national manifest form, out of the ledger and in as drafts. */
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/form.h"
#include "plugin/custody/apply.h"
#include "plugin/custody/tables.h"
#include "proto/base64.h"

#define MAX_FORMS 100000

struct exporting {
	struct ld_form *form;
	size_t n, room;
	bool all;
	struct ld_sheet *sheet;
};

static struct ld_form *form_of(struct exporting *x, ProtobufCBinaryData id)
{
	for (size_t i = x->n; i-- > 0;)
		if (id.len == LD_UUID_BYTES && memcmp(x->form[i].id, id.data, LD_UUID_BYTES) == 0)
			return &x->form[i];
	return NULL;
}

static struct ld_form *form_new(struct exporting *x, const uint8_t id[LD_UUID_BYTES])
{
	if (x->n == x->room) {
		const size_t room = x->room != 0 ? 2 * x->room : 64;
		struct ld_form *more =
		    room <= MAX_FORMS ? realloc(x->form, room * sizeof(*more)) : NULL;

		if (more == NULL)
			return NULL;
		x->form = more;
		x->room = room;
	}
	memset(&x->form[x->n], 0, sizeof(x->form[x->n]));
	memcpy(x->form[x->n].id, id, LD_UUID_BYTES);
	return &x->form[x->n++];
}

/* The second manifest that it names is a child of the first. */
static bool child_of(const Liandan__Event *e)
{
	return e->body_case == LIANDAN__EVENT__BODY_HANDOVER_TAKEN ||
	       e->body_case == LIANDAN__EVENT__BODY_PARTLY_ACCEPTED ||
	       e->body_case == LIANDAN__EVENT__BODY_REDIRECTED;
}

/* A number that is asked for may be assigned after the draft: all are noted, those that were asked
 * for are shown. */
static int at_effect(void *ctx, const struct ld_effect *e)
{
	struct exporting *x = ctx;
	ProtobufCBinaryData ids[LD_MAX_MANIFESTS_NAMED];
	const size_t n = ld_manifests_of(e->fact->event, ids, LD_MAX_MANIFESTS_NAMED);

	for (size_t i = 0; i < n; i++) {
		struct ld_form *f = form_of(x, ids[i]);
		const struct ld_form *parent;

		if (f == NULL) {
			f = form_new(x, ids[i].data);
			if (f == NULL)
				return 1;
			parent = i == 1 && child_of(e->fact->event) ? form_of(x, ids[0]) : NULL;
			if (parent != NULL)
				ld_form_part(f, parent, e);
		}
		ld_form_note(f, e);
	}
	return 0;
}

struct wanted {
	struct exporting *x;
	char *const *argv;
	int argc;
	int missing; /* argument that the ledger does not know; 0: none */
};

static void rows_of(struct exporting *x, struct ld_custody *c, const uint8_t *id)
{
	const ProtobufCBinaryData key = {.len = LD_UUID_BYTES, .data = (uint8_t *)(uintptr_t)id};
	struct ld_form *f = form_of(x, key);

	ld_arena_reset(c->arena);
	if (f != NULL)
		ld_form_rows(f, c, x->sheet);
}

static void at_end(void *ctx, struct ld_custody *c)
{
	struct wanted *w = ctx;
	uint8_t id[LD_UUID_BYTES];
	const uint8_t *value;
	size_t len;

	for (size_t i = 0; w->x->all && i < w->x->n; i++)
		rows_of(w->x, c, w->x->form[i].id);
	for (int i = 2; !w->x->all && i < w->argc; i++) {
		const char *text =
		    strncmp(w->argv[i], "hex:", 4) == 0 ? w->argv[i] + 4 : w->argv[i];

		if (ld_hex_decode(text, strlen(text), id, sizeof(id)) != LD_OK) {
			if (ld_state_get(c->state, LD_T_NUMBER, text, strlen(text), &value, &len) !=
				LD_OK ||
			    len != sizeof(id)) {
				w->missing = i;
				return;
			}
			memcpy(id, value, sizeof(id));
		}
		rows_of(w->x, c, id);
	}
}

static int end_and_effect(void *ctx, const struct ld_effect *e)
{
	return at_effect(((struct wanted *)ctx)->x, e);
}

static int export_forms(struct ld_cli *cli, struct ld_book *book, struct wanted *w, bool bom)
{
	struct ld_sheet sheet;
	const struct ld_replay_watch watch = {.ctx = w, .effect = end_and_effect, .end = at_end};
	int code = LD_EXIT_DONE;
	enum ld_err err = ld_sheet_new(&sheet, ld_form_columns, ld_form_n);

	w->x->sheet = &sheet;
	if (err == LD_OK)
		err = ld_book_replay(book, ld_book_size(book), &watch);
	if (err != LD_OK)
		code = ld_fail(cli, "liandan ledger audit DIR", "the ledger cannot be read: %s",
			       ld_err_text(err));
	else if (w->missing != 0 || cJSON_GetArraySize(sheet.rows) == 0)
		code =
		    ld_fail(cli, "give the id in 32 hex digits, or a number that the ledger knows",
			    "this ledger has no manifest %s",
			    w->missing != 0 ? w->argv[w->missing] : "of these");
	else
		ld_sheet_print(&sheet, stdout, cli->json, bom);
	ld_sheet_free(&sheet);
	free(w->x->form);
	return code;
}

static int import_forms(struct ld_cli *cli, const char *path)
{
	char why[320], *text;
	size_t len;
	cJSON *events = cJSON_CreateArray();
	const cJSON *event;
	int code = LD_EXIT_DONE;

	if (ld_file_read(path, &text, &len, why, sizeof(why)) != LD_OK) {
		cJSON_Delete(events);
		return ld_fail(cli, NULL, "%s", why);
	}
	if (ld_form_read(text, len, events, why, sizeof(why)) != LD_OK) {
		code = ld_fail(cli, "mend that line; nothing was printed", "%s: %s", path, why);
	} else {
		cJSON_ArrayForEach(event, events)
		{
			char *line = cJSON_PrintUnformatted(event);

			printf("%s\n", line != NULL ? line : "");
			cJSON_free(line);
		}
	}
	cJSON_Delete(events);
	free(text);
	return code;
}

int ld_cmd_form(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "form");
	const char *dir = NULL, *anchor = NULL;
	bool bom = false;
	struct exporting x = {0};
	struct ld_book book;
	const struct ld_opt opts[] = {{"dir", LD_OPT_TEXT, &dir},
				      {"anchor", LD_OPT_TEXT, &anchor},
				      {"all", LD_OPT_FLAG, &x.all},
				      {"excel", LD_OPT_FLAG, &bom},
				      {NULL, LD_OPT_FLAG, NULL}};
	int code = LD_EXIT_DONE;

	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (argc == 3 && strcmp(argv[1], "import") == 0)
		return import_forms(cli, argv[2]);
	if (argc < 2 || strcmp(argv[1], "export") != 0 || dir == NULL || (argc == 2 && !x.all))
		return ld_usage(command, "form export MANIFEST... --dir DIR, or form import FILE");
	code = ld_book_open(cli, dir, anchor, &book);
	if (code != LD_EXIT_DONE)
		return code;
	struct wanted w = {.x = &x, .argv = argv, .argc = argc};
	code = export_forms(cli, &book, &w, bom);
	ld_book_close(&book);
	return code;
}
