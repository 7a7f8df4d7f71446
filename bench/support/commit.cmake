# Writes OUTPUT, a source that defines the commit of SOURCE; left as it is when nothing changed, so
# that nothing is compiled anew.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --exclude=*
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
if(failed)
    set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT
    "namespace bench {\nextern const char* const commit;\nconst char* const commit = \"${commit}\";\n}\n")
