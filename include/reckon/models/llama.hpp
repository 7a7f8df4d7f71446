// Gathers the Llama decoder for the user: sizes, model, names and loader.
#pragma once

#include <reckon/models/llama/config.hpp>
#include <reckon/models/llama/load.hpp>
#include <reckon/models/llama/model.hpp>
#include <reckon/models/llama/names.hpp>
