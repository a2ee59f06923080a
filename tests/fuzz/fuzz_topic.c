/* Topics and filters against the access rules, and the broker's own reading of topics. Input: one
 * byte names the reader, the rest is the text. */
#include "plugin/broker/topic.h"
#include "tests/fuzz/fixture.h"

static const struct ld_identity who[] = {
    {.party = "eeb", .device = "d", .regulator = true},
    {.party = "eeb", .device = "op", .roles = LIANDAN__ROLE__ROLE_ADMIN, .regulator = true},
    {.party = "gen", .device = "d"},
    {.party = "car", .device = "t1"},
    {.party = "rec", .device = "gate"},
    {.party = "str", .device = "d", .roles = LIANDAN__ROLE__ROLE_ADMIN},
};

/* For what is not a regulator's, one of these branches and one's own name in it. */
static void check_read(const struct ld_identity *id, const char *topic)
{
	const char *rest = topic + strlen("waste/v1/" FZ_REGION "/");
	char own[160];

	if (id->regulator && topic[0] == '$')
		return;
	FZ_REQUIRE(strncmp(topic, "waste/v1/" FZ_REGION "/", strlen("waste/v1/" FZ_REGION "/")) ==
		   0);
	FZ_REQUIRE(strpbrk(topic, "+#") == NULL);
	FZ_REQUIRE(strncmp(rest, "i/", 2) != 0 && strncmp(rest, "query/", 6) != 0);
	if (rest[0] == 'r' && rest[1] == '/') {
		snprintf(own, sizeof own, "r/%s/%s", id->party, id->device);
		FZ_REQUIRE(strcmp(rest, own) == 0);
	} else if (rest[0] == 'q') {
		snprintf(own, sizeof own, "q/%s/%s/", id->party, id->device);
		FZ_REQUIRE(strncmp(rest, own, strlen(own)) == 0);
	} else if (!id->regulator && rest[0] == 'o') {
		snprintf(own, sizeof own, "o/%s/", id->party);
		FZ_REQUIRE(strncmp(rest, own, strlen(own)) == 0);
	}
	if (!id->regulator)
		FZ_REQUIRE(strncmp(rest, "anomaly", 7) != 0 && strncmp(rest, "refused", 7) != 0 &&
			   strncmp(rest, "open", 4) != 0);
}

static void check_publish(const struct ld_topic_root *root, const char *topic)
{
	char party[LD_MAX_ID_BYTES + 1], device[LD_MAX_ID_BYTES + 1];
	const char *rest = ld_topic_below(root, topic);

	FZ_REQUIRE(rest != NULL && topic[0] != '$');
	/* what may be published is what the broker then takes as an event, or a question */
	if (rest[0] == 'i')
		FZ_REQUIRE(ld_topic_in(root, topic, party, device));
	else
		FZ_REQUIRE(strncmp(rest, "query/", 6) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ld_topic_root root;
	static struct fz_region r;
	struct fz_in in = {data, size};
	const struct ld_identity *id = &who[fz_u8(&in) % (sizeof who / sizeof who[0])];
	char client[2 * LD_MAX_ID_BYTES + 2], level[32];
	bool may_read;
	char *text;

	if (r.c.state == NULL) {
		fz_region_open(&r);
		ld_topic_root_init(&root, FZ_REGION);
	}
	text = fz_text(&in);
	may_read = ld_may_read(&r.c, id, text);
	if (may_read) {
		check_read(id, text);
		/* who may read it may ask for it, and for nothing by publishing */
		FZ_REQUIRE(ld_may_subscribe(&r.c, id, text));
		FZ_REQUIRE(!ld_may_publish(&r.c, id, text, false));
	}
	if (ld_may_subscribe(&r.c, id, text))
		FZ_REQUIRE(strncmp(text, "waste/", 6) == 0 || id->regulator);
	FZ_REQUIRE(!ld_may_publish(&r.c, id, text, true));
	if (ld_may_publish(&r.c, id, text, false))
		check_publish(&root, text);
	snprintf(client, sizeof client, "%s/%s", id->party, id->device);
	if (ld_topic_is_own_reply(&root, client, text))
		FZ_REQUIRE(strpbrk(text, "+#") == NULL && strlen(text) < LD_MAX_TOPIC_BYTES);
	ld_topic_level(text, level, sizeof level);
	FZ_REQUIRE(level[0] != '\0' && strpbrk(level, "/+#") == NULL);
	FZ_REQUIRE(r.arena.used == 0);
	free(text);
	return 0;
}
