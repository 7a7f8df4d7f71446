# Whether objects hold symbols of the tape:
#   cmake -D NM=.. -D OBJECTS=.. -D EXPECTED=ON|OFF -P no_tape.cmake
foreach(object IN LISTS OBJECTS)
    execute_process(COMMAND ${NM} -C ${object} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCHALL "[^\n]*(recording_context|gradient_range|_backward)[^\n]*" tape "${symbols}")
    if(tape AND NOT EXPECTED)
        list(JOIN tape "\n" tape)
        message(FATAL_ERROR "${object} infers only and yet holds\n${tape}")
    elseif(EXPECTED AND NOT tape)
        message(FATAL_ERROR "${object} records and holds no symbol of the tape: look for others")
    endif()
endforeach()
