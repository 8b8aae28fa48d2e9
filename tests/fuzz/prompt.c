/* Keys at a question: the line editor and its completion, and the lines that are typed there. */
#include "fuzz.h"

#include "fuzz_session.h"
#include "term/key.h"
#include "term/screen.h"
#include "tui/prompt.h"

static dv_session session;

static void accept(struct dv_control *control, const char *text)
{
    (void)control;
    fuzz_apply(&session, text);
}

static int complete(struct dv_control *control, const char *text, const char **candidate, int room)
{
    int count = 0;
    const char *usage;
    (void)control;
    for (int row = 0; (usage = dv_script_usage(row)) && count < room; row++)
        if (strncmp(usage, text, strlen(text)) == 0)
            candidate[count++] = usage;
    return count;
}

static const dv_prompt_kind kind = {.label = ":", .accept = accept, .complete = complete};

static void check(const dv_prompt *prompt)
{
    const char *end = memchr(prompt->text, 0, sizeof prompt->text);
    fuzz_require(end && prompt->cursor <= (size_t)(end - prompt->text));
    fuzz_require(memchr(prompt->hint, 0, sizeof prompt->hint));
    fuzz_require(prompt->history_count >= 0 && prompt->history_count <= DV_PROMPT_HISTORY);
    /* The cursor stands between characters. */
    fuzz_require(((unsigned char)prompt->text[prompt->cursor] & 0xc0) != 0x80);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static dv_prompt prompt;
    dv_input input = {0};
    dv_token token;
    prompt = (dv_prompt){0};
    session = fuzz_new_session();
    for (size_t done = 0; done < size;) {
        done += dv_input_append(&input, data + done, size - done, 0);
        while (dv_input_next(&input, 0, &token) != DV_TOKEN_NONE) {
            int key = dv_key_of(&token);
            if (!prompt.kind)
                dv_prompt_open(&prompt, &kind, "");
            if (key >= 0)
                dv_prompt_key(NULL, &prompt, key);
            if (prompt.kind)
                check(&prompt);
        }
        if (input.size == sizeof input.data)
            break;
    }
    fuzz_check_round(&session);
    dv_session_clear(&session);
    return 0;
}
