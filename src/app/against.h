#pragma once
/// `replay --against`: two sets of rules over the same events, and how the difference is shown.

#include <string>
#include <vector>

#include "app/commands.h"
#include "compare/comparison.h"
#include "pipeline/replay.h"

namespace tocsin::app {

int replay_against(Past& past, const ReplayArguments& arguments, pipeline::ReplayOptions options,
                   const std::string& form);

/// A word in both languages.
struct Words {
    std::string en, zh;
};

/// What text, Markdown and HTML print alike. Cells are plain text: whoever prints escapes.
struct Grid {
    Words title;
    std::vector<Words> headings;
    std::vector<std::vector<std::string>> rows;
    std::size_t left_out = 0;  ///< rows that there was no room for
};

/// By rule; by area and by day, where there is a difference; and the flags that differ.
std::vector<Grid> grids_of(const compare::Comparison& comparison, std::size_t rows_max);
/// In one sentence: time, pages and hours per week.
Words headline_of(const compare::Comparison& comparison);

std::string against_text(const compare::Comparison& comparison);
std::string against_markdown(const compare::Comparison& comparison);
std::string against_html(const compare::Comparison& comparison);
std::string against_json(const compare::Comparison& comparison);

}  // namespace tocsin::app
