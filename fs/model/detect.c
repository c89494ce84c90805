/* The rules of `detect`. */
#include "fs/model/detect.h"
#include <errno.h>
#include <string.h>

static const char *const names[DETECT_N_MODES] = {
	[DETECT_AUTO] = "auto",
	[DETECT_ALLOC] = "alloc",
	[DETECT_GC] = "gc",
	[DETECT_SAMPLED] = "sampled",
};

const char *detect_mode_name(DetectMode mode)
{
	return names[mode];
}

int detect_mode_parse(const char *text, DetectMode *ret)
{
	for (unsigned i = 0; i < DETECT_N_MODES; i++) {
		if (!strcmp(names[i], text)) {
			*ret = (DetectMode)i;
			return 0;
		}
	}
	return -EINVAL;
}

void detect_add_rate(Detect *detect, double bytes, gint64 now_us)
{
	gint64 from = now_us - DETECT_RATE_WINDOW_S * G_USEC_PER_SEC;
	unsigned old = 0;

	while (old < detect->n_rates && detect->rates[old].time_us <= from)
		old++;
	if (!old && detect->n_rates == DETECT_RATES_MAX)
		old = 1;
	detect->n_rates -= old;
	memmove(detect->rates, detect->rates + old, detect->n_rates * sizeof *detect->rates);
	if (bytes >= 0)
		detect->rates[detect->n_rates++] = (DetectRate){ now_us, bytes };
}

double detect_ticks_per_s(const Detect *detect, gint64 now_us)
{
	double bytes = 0;

	for (unsigned i = 0; i < detect->n_rates; i++) {
		if (now_us - detect->rates[i].time_us <= DETECT_RATE_WINDOW_S * G_USEC_PER_SEC)
			bytes += detect->rates[i].bytes;
	}
	return bytes / DETECT_RATE_WINDOW_S / DETECT_TICK_BYTES;
}

DetectMode detect_choose(const Detect *detect, unsigned major, gint64 now_us,
                         const char **ret_reason)
{
	double most = major >= 9 ? DETECT_TICKS_MAX : DETECT_TICKS_MAX_OLD;
	gboolean is_on = detect->session != NULL;
	gboolean may_switch =
		!is_on || !detect->switched_us ||
		now_us - detect->switched_us >= (gint64)DETECT_SWITCH_EVERY_S * G_USEC_PER_SEC;
	double rate;

	*ret_reason = "asked for";
	if (detect->wanted != DETECT_AUTO)
		return detect->wanted;
	rate = detect_ticks_per_s(detect, now_us);
	*ret_reason = detect->reason && is_on ? detect->reason : "auto";
	if (!may_switch)
		return detect->in_force;
	if (is_on && detect->in_force == DETECT_GC)
		most /= 2;
	*ret_reason = rate > most ? "auto: it allocates too fast for ticks" : "auto";
	return rate > most ? DETECT_GC : DETECT_ALLOC;
}
