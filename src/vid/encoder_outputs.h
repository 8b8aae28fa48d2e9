/* Which outputs of an encoder, or of a whole auto-encoder, are the latent mean and what tells its spread. */
#ifndef DV_VID_ENCODER_OUTPUTS_H
#define DV_VID_ENCODER_OUTPUTS_H

#include "vid/inspect.h"

/* What an output says about the spread of the posterior. */
typedef enum dv_spread {
    DV_SPREAD_LOG_VARIANCE,
    DV_SPREAD_LOG_DEVIATION,
    DV_SPREAD_VARIANCE,
    DV_SPREAD_DEVIATION
} dv_spread;

typedef struct dv_encoder_outputs {
    int mean;   /* a value of the graph */
    int spread; /* a value of the graph; -1: there is none */
    dv_spread kind;
    bool halves; /* `mean` holds means, then spreads */
} dv_encoder_outputs;

/* By names where these tell, else by order, among the outputs that are one row a sample and not `left_out` (an output's
 * number; -1: none). A latent vector that is drawn at random inside is traced back to its mean. `latent` is the number
 * of dimensions that the decoder takes, 0: not known. */
bool dv_encoder_outputs_find(const dv_plan *plan, int left_out, int latent, dv_encoder_outputs *found, dv_notes *notes,
                             dv_error *error);

/* log sigma^2 of `count` numbers, in place. */
void dv_spread_to_log_variance(dv_spread kind, float *value, int64_t count);

/* Parts of one graph from pictures to reconstruction, mean and log-variance: the encoder puts out what `outputs` found,
 * the decoder takes what is decoded when nothing is drawn at random. Both are freed by the caller. */
bool dv_split_auto_encoder(const dv_graph *whole, const dv_inspect_wish *wish, dv_graph **encoder, dv_graph **decoder,
                           dv_notes *notes, dv_error *error);

#endif
