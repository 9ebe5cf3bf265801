# L0, and the two pure rooms without a foreign library.
zc_unit(message LINK zc_message)
zc_unit(pace LINK zc_pace)
zc_unit(base LINK zc_base)
zc_unit(civil LINK zc_base)
zc_unit(fsio LINK zc_base)
zc_unit(json LINK zc_base)
zc_unit(crypt LINK zc_base)
zc_unit(crypt_method LINK zc_base)
