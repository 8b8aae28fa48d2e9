#include "kernel/panel.h"

#include "kernel/isa.h"

#include <math.h>

#define NAME(STEM) STEM##_4
#define LANES 4
#define ROWS 2
#define BLOCKS 1
#include "kernel/panel_loop.h"

#if DV_ISA_X86
DV_BEGIN_AVX2
#define NAME(STEM) STEM##_8
#define LANES 8
#define ROWS 6
#define BLOCKS 1
#include "kernel/panel_loop.h"
DV_END
DV_BEGIN_AVX512
#define NAME(STEM) STEM##_16
#define LANES 16
#define ROWS 14
#define BLOCKS 2
#include "kernel/panel_loop.h"
DV_END
#endif

const dv_panel_loop *dv_panel_choose(void)
{
    static const dv_panel_loop *const loops[] = DV_BY_ISA(&loop_4, &loop_8, &loop_16);
    return loops[dv_isa_choose()];
}

int64_t dv_panel_parts(int64_t tasks, int64_t blocks, dv_team *team)
{
    const int64_t wanted = dv_team_size(team), most = (blocks + DV_PANEL_BLOCKS - 1) / DV_PANEL_BLOCKS;
    const int64_t parts = tasks > 0 && tasks < wanted ? (wanted + tasks - 1) / tasks : 1;
    return parts < most ? parts : most;
}
