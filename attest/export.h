/* What was found, for monitoring systems. Pure: samples in, text out. */
#ifndef ATTEST_EXPORT_H
#define ATTEST_EXPORT_H

#include "attest/sample.h"

/* Exit statuses of a monitoring plugin (Monitoring Plugins Development Guidelines, "Plugin Return Codes"). */
enum nagios { NAGIOS_OK = 0, NAGIOS_WARNING = 1, NAGIOS_CRITICAL = 2, NAGIOS_UNKNOWN = 3 };

/* Of one target:
 *  OK        pass
 *  WARNING   pass, but a certificate of the chain ends within 1800 s, the document's age is over two thirds of its
 *            limit, it is a debug enclave, or no more of a contract's servers answer than the quorum while others
 *            were asked; what is asked of a contract had no answer
 *  CRITICAL  fail; no verdict because the enclave gave no document; no answer about a contract on which the
 *            verdict rests (onchain.registered is required, or nothing else says which image it is)
 *  UNKNOWN   this program's own trouble: memory, clock, randomness, nothing expected */
enum nagios nagios_of(const struct sample *sample);

/* The worst of two, in the order critical, unknown, warning, ok. */
enum nagios nagios_worse(enum nagios a, enum nagios b);

/* Appends the plugin's output: one line for one target; for several a line that sums them up and one each, in the
 * guidelines' form for long output. Performance data: time (s), age (s) and cert_left (s), where known; of
 * several targets under NAME.time and so on. Returns the exit status. */
enum nagios nagios_render(const struct sampled *list, size_t n, struct buf *out);

/* Appends metrics in Prometheus's text format 0.0.4: of each, HELP, TYPE and a series for every target that has the
 * value. No time stamps, which the textfile collector refuses. `version` is this program's. */
void prom_render(const struct sampled *list, size_t n, const char *version, struct buf *out);

#endif
