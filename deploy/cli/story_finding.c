/* Analyses, discrepancies, paper and amendments in words. */
#include "deploy/cli/story.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "deploy/cli/cli.h"

#define INDENT LD_STORY_INDENT

/* The word behind the enum's name without its prefix. */
static const char *word(const ProtobufCEnumDescriptor *d, int value, size_t prefix)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(d, value);
	return v && strlen(v->name) > prefix ? v->name + prefix : "";
}
#define WORD(d, value, prefix) word(&(d), (int)(value), sizeof(prefix) - 1)

static void say_sample(const Liandan__SampleAnalysed *b)
{
	printf(INDENT "line %" PRIu32 ": analysed 检测 %s  %s  by %s\n", b->line,
	       WORD(liandan__sample_verdict__descriptor, b->verdict, "SAMPLE_VERDICT_"),
	       b->found_code, b->laboratory);
}

static void say_reported(const Liandan__DiscrepancyReported *b)
{
	char declared[32], found[32];
	ld_mass_text(b->declared_g, declared);
	ld_mass_text(b->found_g, found);
	printf(INDENT "line %" PRIu32 ": discrepancy 差异 %s  declared %s  found %s\n", b->line,
	       WORD(liandan__discrepancy_kind__descriptor, b->kind, "DISCREPANCY_KIND_"), declared,
	       found);
}

static void say_resolved(const Liandan__DiscrepancyResolved *b)
{
	char text[300];
	printf(INDENT "resolved 差异处理: %s  %s\n",
	       WORD(liandan__loss_cause__descriptor, b->cause, "LOSS_CAUSE_"),
	       ld_printable(b->text, text, sizeof(text)));
}

static void say_paper(const Liandan__PaperBackfilled *b)
{
	char at[24];
	printf(INDENT "paper 纸质联单 %s  outage %s\n", b->paper_no,
	       WORD(liandan__outage_kind__descriptor, b->outage, "OUTAGE_KIND_"));
	for (size_t i = 0; i < b->n_steps; i++) {
		ld_time_text(b->steps[i]->at_ms, at);
		printf(INDENT "  %s  %s  %s\n",
		       WORD(liandan__paper_step_kind__descriptor, b->steps[i]->kind,
			    "PAPER_STEP_KIND_"),
		       at, b->steps[i]->signer);
	}
}

static void say_proposed(const Liandan__AmendmentProposed *b)
{
	char old[300], new[300];
	printf(INDENT "amends 更正 version %" PRIu32 "\n", b->base_version);
	for (size_t i = 0; i < b->n_changes; i++) {
		const Liandan__AmendmentChange *ch = b->changes[i];
		const char *field =
		    WORD(liandan__amendment_field__descriptor, ch->field, "AMENDMENT_FIELD_");
		printf(INDENT "  ");
		if (ch->line != 0)
			printf("line %" PRIu32 ": ", ch->line);
		if (ch->old_number != 0 || ch->new_number != 0)
			printf("%s %" PRId64 " -> %" PRId64 "\n", field, ch->old_number,
			       ch->new_number);
		else
			printf("%s \"%s\" -> \"%s\"\n", field,
			       ld_printable(ch->old_text, old, sizeof(old)),
			       ld_printable(ch->new_text, new, sizeof(new)));
	}
}

static void say_piped(const Liandan__PipelineDay *b)
{
	char out[32], in[32];
	ld_mass_text(b->mass_out_g, out);
	ld_mass_text(b->mass_in_g, in);
	printf(INDENT "line %" PRIu32 ", day 日 %" PRIu32 ": out 移出 %s, in 接受 %s\n", b->line,
	       b->day, out, in);
	printf(INDENT "  meters 流量计 %s %" PRId64 "-%" PRId64 ", %s %" PRId64 "-%" PRId64
		      " thousandths of %s\n",
	       b->meter_out, b->out_start, b->out_end, b->meter_in, b->in_start, b->in_end,
	       WORD(liandan__unit__descriptor, b->unit, "UNIT_"));
}

void ld_story_finding(const Liandan__Event *e)
{
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_SAMPLE_ANALYSED:
		say_sample(e->sample_analysed);
		break;
	case LIANDAN__EVENT__BODY_DISCREPANCY_REPORTED:
		say_reported(e->discrepancy_reported);
		break;
	case LIANDAN__EVENT__BODY_DISCREPANCY_RESOLVED:
		say_resolved(e->discrepancy_resolved);
		break;
	case LIANDAN__EVENT__BODY_PAPER_BACKFILLED:
		say_paper(e->paper_backfilled);
		break;
	case LIANDAN__EVENT__BODY_PIPELINE_DAY:
		say_piped(e->pipeline_day);
		break;
	case LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED:
		say_proposed(e->amendment_proposed);
		break;
	case LIANDAN__EVENT__BODY_AMENDMENT_AGREED:
		printf(INDENT "%s\n",
		       e->amendment_agreed->agrees ? "agrees 同意" : "disagrees 不同意");
		break;
	default:
		break;
	}
}
