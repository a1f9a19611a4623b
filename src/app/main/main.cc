#include "app/command_line.h"
#ifdef TOCSIN_HUGE_PAGES
#include "app/main/memory.h"
#endif

int main(int argc, char** argv) {
#ifdef TOCSIN_HUGE_PAGES
    tocsin::app::grow_in_huge_pages();
#endif
    return tocsin::app::run(argc, argv);
}
